import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { createFrameDecoder, fullRegion, memorySource, openAsset } from "../../../../codec/internal.js";
import { encode } from "../../../../encoder/index.js";
import { tileNetwork } from "../../../../encoder/plan/tile-grid.js";
import { resolveTileOptions } from "../../../../encoder/tile/options.js";
import { tempFolder } from "../../../support/temp-folder.js";

test("tiles have sides of 40 to 64 pixels up to 1080p, and larger sides above 1080p", () => {
  const { training } = resolveTileOptions({ input: "a.mp4", output: "a.siedd" });
  const tiles = (width: number, height: number) => {
    const { columns, rows } = tileNetwork(width, height, training);
    return `${columns} x ${rows}`;
  };
  assert.equal(tiles(320, 180), "8 x 5");
  assert.equal(tiles(640, 360), "16 x 9");
  assert.equal(tiles(1280, 720), "20 x 11");
  assert.equal(tiles(1920, 1080), "30 x 17");
  assert.equal(tiles(3840, 2160), "30 x 17");
  assert.equal(tiles(2160, 3840), "17 x 30");
  assert.equal(tiles(7680, 4320), "30 x 17");
});

test("a video of 2400 x 1350 has 510 tiles of 80 pixels, which kernel and onnxruntime decode equally", async (t) => {
  const folder = await tempFolder(t);
  const [input, output] = [`${folder}/video.mp4`, `${folder}/video.siedd`];
  const source = ["-f", "lavfi", "-i", "testsrc2=size=2400x1350:rate=1"];
  const h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
  await promisify(execFile)("ffmpeg", ["-v", "error", ...source, "-frames:v", "1", ...h264, input]);
  await encode({ input, output, preset: "draft", steps: 4, phase1Steps: 4 });
  const asset = await openAsset(memorySource(await readFile(output)));
  assert.ok(asset.profile === "tile");
  assert.deepEqual([asset.network.columns, asset.network.rows], [30, 17]);
  const payload = await asset.readGroup(0);
  const request = { region: fullRegion(asset), width: 1001, height: 563 };
  const frames: Uint8Array[] = [];
  for (const engine of ["kernel", "onnx"] as const) {
    const decoder = await createFrameDecoder(asset, { engine, runtime: () => import("onnxruntime-node") });
    const out = new Uint8Array(request.width * request.height * 4);
    await decoder.decodeRgba(decoder.loadGroup(0, payload), 0, request, out);
    frames.push(out);
  }
  const different = frames[0].filter((value, i) => Math.abs(value - frames[1][i]) > 1).length;
  assert.ok(different <= frames[0].length / 1000, `${different} of ${frames[0].length} samples differ`);
  assert.ok(new Set(frames[0]).size > 64, "the frame is not nearly uniform");
});
