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
  explicitAnchors,
  sceneAnchors,
  uniformAnchors,
} from "../../../../encoder/plan/anchors.js";
import { tempFolder } from "../../../support/temp-folder.js";

const run = promisify(execFile);

/** Creates candidates of 25 frames; each argument is the number of candidates in a scene. */
const candidates = (...scenes: number[]) =>
  scenes
    .flatMap((count) => Array.from({ length: count }, (_, i) => i === 0))
    .map((startsScene, i) => ({
      middle: i * 25 + 12.5,
      frameCount: 25,
      startsScene,
    }));

test("uniform anchors are evenly spaced, and every candidate starts from the nearest", () => {
  const { anchors, warmStartAnchor } = uniformAnchors(candidates(10), 2);
  assert.deepEqual(anchors, [2, 7]);
  assert.deepEqual(warmStartAnchor, [2, 2, 2, 2, 2, 7, 7, 7, 7, 7]);
  assert.deepEqual(uniformAnchors(candidates(2), 5).anchors, [0, 1]);
});

test("scene anchors lie in the middle of the longest scenes, and candidates start from an anchor of their scene", () => {
  const { anchors, warmStartAnchor } = sceneAnchors(candidates(5, 1, 3), 2);
  assert.deepEqual(anchors, [2, 7]);
  assert.deepEqual(warmStartAnchor, [2, 2, 2, 2, 2, 7, 7, 7, 7]);
  assert.deepEqual(sceneAnchors(candidates(1, 8), 3).anchors, [2, 5, 7]);
});

test("content anchors represent similar candidates anywhere in the video", () => {
  const thumbnails = [0, 0, 9, 0, 9, 9, 0, 9].map((v) => Float32Array.of(v, v + 1));
  thumbnails[3] = Float32Array.of(0.5, 1);
  const { anchors, warmStartAnchor } = contentAnchors(candidates(8), 2, thumbnails);
  assert.deepEqual(anchors, [0, 2]);
  assert.deepEqual(warmStartAnchor, [0, 0, 2, 0, 2, 2, 0, 2]);
  assert.equal(contentAnchors(candidates(3), 5, thumbnails.slice(0, 3)).anchors.length, 3);
});

test("explicit anchors are sorted and unique, and an index out of range is rejected", () => {
  assert.deepEqual(explicitAnchors(candidates(4), [3, 0, 3]).anchors, [0, 3]);
  assert.throws(
    () => explicitAnchors(candidates(4), [4]),
    /anchorChoice must be a list of indices from 0 to 3, got 4$/,
  );
});

/** Encodes six scenes of 12 frames: red, blue, red, blue, blue, blue. */
async function redAndBlueScenes(folder: string): Promise<string> {
  const path = join(folder, "scenes.mp4");
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

test("anchorChoice selects the anchors, and groups decode without their anchor", async (t) => {
  const folder = await tempFolder(t);
  const input = await redAndBlueScenes(folder);
  const output = join(folder, "thumbnails.siedd");
  const encodeWith = async (anchorChoice: AnchorChoice | undefined, profile: "tile" | "paper" = "tile") => {
    let anchors: readonly number[] = [];
    const onEvent = (event: EncodeEvent) => {
      if (event.type === "analyzed") anchors = event.anchors;
    };
    const settings = { steps: 20, phase1Steps: 20, points: 64, width: 8, groupFrames: 12, workers: 1 };
    await encode({ input, output, ...settings, profile, anchorChoice, onEvent });
    return anchors;
  };
  assert.deepEqual(await encodeWith(undefined), [1, 4]);
  assert.deepEqual(await encodeWith("scenes"), [3, 5]);
  assert.deepEqual(await encodeWith("content", "paper").then((frames) => frames.length), 4);
  const content = await encodeWith("content");
  const colors = ["red", "blue", "red", "blue", "blue", "blue"];
  assert.deepEqual(content.map((group) => colors[group]).sort(), ["blue", "red"]);

  const bytes = await readFile(output);
  const asset = await openAsset(memorySource(bytes));
  const { offset, size } = asset.groups[0];
  bytes.fill(0, offset, offset + size);
  const damaged = await openAsset(memorySource(bytes));
  const decoder = await createFrameDecoder(damaged);
  const corrupt = await damaged.readGroup(0);
  assert.throws(() => decoder.loadGroup(0, corrupt), { code: "corrupt-group", message: /group 0/ });
  for (const { index } of asset.groups.slice(1)) decoder.loadGroup(index, await damaged.readGroup(index));
});
