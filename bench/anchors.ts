import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createFrameDecoder, memorySource, openAsset, SieddError } from "../codec/internal.js";
import { type AnchorChoice, type EncodeOptions, encode } from "../encoder/index.js";
import { machine, rounded } from "./machine.js";

// Compares ways to choose anchors at equal steps: uniform, by scene, by content, a bad choice, a single anchor, and anchors
// with very few training steps. Also lists the groups that cannot be decoded if the payload of the first anchor is lost.
// SIEDD_CLIPS="name:WxH ..." selects the clips, SIEDD_PRESET the preset.

const media = process.env.SIEDD_MEDIA ?? resolve(import.meta.dirname, "../../../shared/media");
const clips = (process.env.SIEDD_CLIPS ?? "bikes:320x136 bunny:320x180").split(" ");
const preset = (process.env.SIEDD_PRESET ?? "fast") as EncodeOptions["preset"];

/** Frames per group: half a second, so that short clips have several groups. */
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
  { name: "one anchor, uniform", anchors: 1 },
  { name: "one anchor, content", anchors: 1, choice: "content" },
  { name: "first group only", choice: [0] },
  { name: "20 steps in phase 1", phase1Steps: 20 },
];

/** Returns the groups that cannot be decoded if the payload of group `lost` is zeroed. */
async function undecodableGroups(path: string, lost: number): Promise<number[]> {
  const bytes = await readFile(path);
  const { groups } = await openAsset(memorySource(bytes));
  bytes.fill(0, groups[lost].offset, groups[lost].offset + groups[lost].size);
  const asset = await openAsset(memorySource(bytes));
  const decoder = await createFrameDecoder(asset);
  const undecodable: number[] = [];
  for (const { index } of groups) {
    try {
      decoder.loadGroup(index, await asset.readGroup(index));
    } catch (error) {
      if (!(error instanceof SieddError) || error.code !== "corrupt-group") throw error;
      undecodable.push(index);
    }
  }
  return undecodable;
}

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const rows: object[] = [];
  for (const entry of clips) {
    const [name, size] = entry.split(":");
    const [width, height] = size.split("x").map(Number);
    for (const { name: trial, choice, anchors: maxAnchors, phase1Steps } of trials) {
      const output = join(folder, "video.siedd");
      let anchors: readonly number[] = [];
      const summary = await encode({
        input: join(media, `${name}.mp4`),
        output,
        size: { width, height },
        preset,
        groupFrames: GROUP_FRAMES,
        anchors: maxAnchors,
        anchorChoice: choice,
        phase1Steps,
        onEvent: (event) => {
          if (event.type === "analyzed") anchors = event.anchors;
        },
      });
      process.stderr.write(
        `${name}, ${trial}: ${summary.psnr.toFixed(2)} dB, ${summary.bpp.toFixed(4)} bpp\n`,
      );
      rows.push({
        clip: name,
        size,
        trial,
        groups: summary.groups,
        anchors,
        psnr: rounded(summary.psnr),
        bpp: rounded(summary.bpp, 4),
        seconds: rounded(summary.seconds, 1),
        undecodableWithoutFirstAnchor: await undecodableGroups(output, anchors[0]),
      });
    }
  }
  process.stdout.write(`${JSON.stringify({ bench: "anchors", machine: machine(), preset, rows })}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
