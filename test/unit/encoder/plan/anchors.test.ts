import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { createFrameDecoder, memorySource, openAsset } from "../../../../codec/internal.js";
import { type AnchorChoice, type EncodeEvent, encode } from "../../../../encoder/index.js";
import {
  contentAnchors,
  namedAnchors,
  sceneAnchors,
  uniformAnchors,
} from "../../../../encoder/plan/anchors.js";
import { tempFolder } from "../../../support/temp-folder.js";

const run = promisify(execFile);

/** Units of 25 frames; each list is a scene's number of units. */
const units = (...scenes: number[]) =>
  scenes
    .flatMap((count) => Array.from({ length: count }, (_, i) => i === 0))
    .map((startsScene, i) => ({
      middle: i * 25 + 12.5,
      frameCount: 25,
      startsScene,
    }));

test("uniform anchors are evenly spaced, and every group starts from the nearest", () => {
  const { anchors, warmStartAnchor: startOf } = uniformAnchors(units(10), 2);
  assert.deepEqual(anchors, [2, 7]);
  assert.deepEqual(startOf, [2, 2, 2, 2, 2, 7, 7, 7, 7, 7]);
  assert.deepEqual(uniformAnchors(units(2), 5).anchors, [0, 1]);
});

test("scene anchors lie in the middle of the longest scenes, and a group prefers its own scene's", () => {
  const { anchors, warmStartAnchor: startOf } = sceneAnchors(units(5, 1, 3), 2);
  assert.deepEqual(anchors, [2, 7]);
  assert.deepEqual(startOf, [2, 2, 2, 2, 2, 7, 7, 7, 7]);
  assert.deepEqual(sceneAnchors(units(1, 8), 3).anchors, [2, 5, 7]);
});

test("content anchors stand for what looks alike, wherever in the video it is", () => {
  const looks = [0, 0, 9, 0, 9, 9, 0, 9].map((v) => Float32Array.of(v, v + 1));
  looks[3] = Float32Array.of(0.5, 1);
  const { anchors, warmStartAnchor: startOf } = contentAnchors(units(8), 2, looks);
  assert.deepEqual(anchors, [0, 2]);
  assert.deepEqual(startOf, [0, 0, 2, 0, 2, 2, 0, 2]);
  assert.equal(contentAnchors(units(3), 5, looks.slice(0, 3)).anchors.length, 3);
});

test("named anchors are those, and one past the end is refused by name", () => {
  assert.deepEqual(namedAnchors(units(4), [3, 0, 3]).anchors, [0, 3]);
  assert.throws(() => namedAnchors(units(4), [4]), /--anchor-choice must be of numbers up to 3, not 4/);
});

/** Red, blue, red, blue noise-free scenes of 12 frames with a moving edge. */
async function twoLooks(folder: string): Promise<string> {
  const path = join(folder, "looks.mp4");
  const scene = (color: string) =>
    `color=${color}:s=96x64:r=12:d=1,drawbox=x=8:y=20:w=30:h=20:color=white:t=fill`;
  const scenes = ["red", "blue", "red", "blue", "blue", "blue"].flatMap((color) => [
    "-f",
    "lavfi",
    "-i",
    scene(color),
  ]);
  await run("ffmpeg", ["-v", "error", ...scenes, "-filter_complex", "concat=n=6", "-crf", "10", path]);
  return path;
}

test("--anchor-choice decides what phase 1 trains on, and no group needs its anchor to be decoded", async (t) => {
  const folder = await tempFolder(t);
  const input = await twoLooks(folder);
  const output = join(folder, "looks.siedd");
  const chosen = async (anchorChoice: AnchorChoice | undefined, profile: "tile" | "paper" = "tile") => {
    let anchors: readonly number[] = [];
    const onEvent = (event: EncodeEvent) => {
      if (event.type === "analyzed") anchors = event.anchors;
    };
    const small = { steps: 20, phase1Steps: 20, points: 64, width: 8, groupFrames: 12, workers: 1 };
    await encode({ input, output, ...small, profile, anchorChoice, onEvent });
    return anchors;
  };
  assert.deepEqual(await chosen(undefined), [1, 4]);
  assert.deepEqual(await chosen("scenes"), [3, 5]);
  assert.deepEqual(await chosen("content", "paper").then((frames) => frames.length), 4);
  const content = await chosen("content");
  const looks = ["red", "blue", "red", "blue", "blue", "blue"];
  assert.deepEqual(content.map((group) => looks[group]).sort(), ["blue", "red"]);

  const bytes = await readFile(output);
  const asset = await openAsset(memorySource(bytes));
  const { offset, size } = asset.groups[0];
  bytes.fill(0, offset, offset + size);
  const damaged = await openAsset(memorySource(bytes));
  const decoder = await createFrameDecoder(damaged);
  const lost = await damaged.readGroup(0);
  assert.throws(() => decoder.loadGroup(0, lost), { code: "corrupt-group", message: /group 0/ });
  for (const { index } of asset.groups.slice(1)) decoder.loadGroup(index, await damaged.readGroup(index));
});
