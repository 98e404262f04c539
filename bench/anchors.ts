import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createFrameDecoder, memorySource, openAsset, SieddError } from "../codec/internal.js";
import { type AnchorChoice, type EncodeOptions, encode } from "../encoder/index.js";
import { machine, rounded } from "./machine.js";

// What anchors are worth: chosen evenly, by scene, by content, badly, few, and none (every group from random
// weights, with the steps of phase 1 given to the groups), at equal steps; then what it costs to lose one from the
// file. Clips by SIEDD_CLIPS="name:WxH ...", preset by SIEDD_PRESET.

const media = process.env.SIEDD_MEDIA ?? resolve(import.meta.dirname, "../../../shared/media");
const wanted = (process.env.SIEDD_CLIPS ?? "bikes:320x136 bunny:320x180").split(" ");
const preset = (process.env.SIEDD_PRESET ?? "fast") as EncodeOptions["preset"];

/** Groups of half a second, so that short clips have enough of them. */
const GROUP_FRAMES = 12;

interface Trial {
  readonly name: string;
  readonly choice?: AnchorChoice;
  readonly anchors?: number;
  readonly phase1Steps?: number;
}

const trials: readonly Trial[] = [
  { name: "uniform" },
  { name: "scenes", choice: "scenes" },
  { name: "content", choice: "content" },
  { name: "one, uniform", anchors: 1 },
  { name: "one, by content", anchors: 1, choice: "content" },
  { name: "badly chosen: the first group alone", choice: [0] },
  { name: "hardly trained: 20 steps", phase1Steps: 20 },
];

/** Groups that a reader can no longer decode once the payload of `lost` is gone. */
async function unreadable(path: string, lost: number): Promise<number[]> {
  const bytes = await readFile(path);
  const { groups } = await openAsset(memorySource(bytes));
  bytes.fill(0, groups[lost].offset, groups[lost].offset + groups[lost].size);
  const asset = await openAsset(memorySource(bytes));
  const engine = await createFrameDecoder(asset);
  const damaged: number[] = [];
  for (const { index } of groups) {
    try {
      engine.loadGroup(index, await asset.readGroup(index));
    } catch (error) {
      if (!(error instanceof SieddError) || error.code !== "corrupt-group") throw error;
      damaged.push(index);
    }
  }
  return damaged;
}

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const rows: object[] = [];
  for (const entry of wanted) {
    const [name, size] = entry.split(":");
    const [width, height] = size.split("x").map(Number);
    for (const { name: trial, choice, anchors: max, phase1Steps } of trials) {
      const output = join(folder, "video.siedd");
      let anchors: readonly number[] = [];
      const done = await encode({
        input: join(media, `${name}.mp4`),
        output,
        size: { width, height },
        preset,
        groupFrames: GROUP_FRAMES,
        anchors: max,
        anchorChoice: choice,
        phase1Steps,
        onEvent: (event) => {
          if (event.type === "analyzed") anchors = event.anchors;
        },
      });
      process.stderr.write(`${name}, ${trial}: ${done.psnr.toFixed(2)} dB, ${done.bpp.toFixed(4)}\n`);
      rows.push({
        clip: name,
        size,
        trial,
        groups: done.groups,
        anchors,
        psnr: rounded(done.psnr),
        bpp: rounded(done.bpp, 4),
        seconds: rounded(done.seconds, 1),
        unreadableWithoutFirstAnchor: await unreadable(output, anchors[0]),
      });
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: "anchors", machine: machine(), preset, rows })}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
