import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import {
  chooseEngine,
  createFrameDecoder,
  decodeFrameAt,
  fullRegion,
  locateFrame,
  memorySource,
  openAsset,
  type TileAsset,
  type Viewport,
} from "../../../../codec/internal.js";
import { type ClipName, clip } from "../../../support/clips.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";
import { syntheticPaperAsset } from "../../../support/synthetic-paper.js";
import { tempFolder } from "../../../support/temp-folder.js";

const run = promisify(execFile);
const COMMAND = join(import.meta.dirname, "../../../../cli/main.js");
const siedd = (...args: string[]) => run(process.execPath, [COMMAND, ...args]);
const runtime = () => import("onnxruntime-node");

/** Returns the fraction of samples that differ by more than 1/255, and the maximum difference. */
function difference(a: Uint8Array, b: Uint8Array): { aboveOne: number; max: number } {
  let aboveOne = 0;
  let max = 0;
  for (let i = 0; i < a.length; i++) {
    const delta = Math.abs(a[i] - b[i]);
    if (delta > 1) aboveOne++;
    max = Math.max(max, delta);
  }
  return { aboveOne: aboveOne / a.length, max };
}

async function expectEqualEngines(bytes: Uint8Array, positions: readonly number[]): Promise<void> {
  const asset = await openAsset(memorySource(bytes));
  assert.ok(asset.profile === "tile");
  for (const [description, viewport] of viewports(asset)) {
    for (const format of ["rgba", "bt709", "bt601"] as const) {
      const length = viewport.width * viewport.height * (format === "rgba" ? 4 : 1.5);
      for (const position of positions) {
        const frames = [];
        for (const name of ["kernel", "onnx"] as const) {
          const decoder = await createFrameDecoder(asset, { engine: name, runtime });
          const load = async (index: number) => decoder.loadGroup(index, await asset.readGroup(index));
          const out = new Uint8Array(length);
          const request = { position: locateFrame(asset.groups, position), viewport, format };
          await decodeFrameAt(decoder, load, request, out);
          frames.push(out);
        }
        const { aboveOne, max } = difference(frames[0], frames[1]);
        const message = `${description}, ${format}, frame ${position}: ${aboveOne} above 1/255, maximum ${max}/255`;
        assert.ok(aboveOne <= 0.001 && max <= 3, message);
        assert.ok(new Set(frames[0]).size > 8, `${message}: the frame is nearly uniform`);
      }
    }
  }
}

function viewports(asset: TileAsset): [string, Viewport][] {
  const { width, height } = asset;
  const region = fullRegion(asset);
  const part = { x: 10.5, y: 7, width: width / 2 + 0.25, height: height / 2 - 3 };
  return [
    ["source size", { region, width, height }],
    ["twice the size", { region, width: 2 * width, height: 2 * height }],
    ["a region", { region: part, width: 94, height: 46 }],
    ["half the size", { region, width: width / 2, height: 2 * Math.round(height / 4) }],
    [
      "a third, anisotropic",
      { region, width: 2 * Math.round(width / 6), height: 2 * Math.round(height / 14) },
    ],
    ["a few pixels", { region, width: 16, height: 10 }],
  ];
}

describe("all engines decode the same frames", { concurrency: false }, () => {
  const cleanups: (() => unknown)[] = [];
  after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  for (const name of ["bunny", "bikes", "carphone"] satisfies ClipName[]) {
    test(`of ${name}, in R'G'B' and 4:2:0, at any size and region`, async () => {
      const folder = await tempFolder({ after: (cleanup) => void cleanups.push(cleanup as () => unknown) });
      const path = join(folder, `${name}.siedd`);
      const small = ["--size", "96x54", "--to", "1", "--steps", "60", "--phase1-steps", "30"];
      await siedd("encode", await clip(name), "-o", path, ...small);
      await expectEqualEngines(await readFile(path), [0, 13, 20.5]);
    });
  }

  test("with a shared encoder, tiles of any width and of constant color, and between two groups", async () => {
    const size = { width: 96, height: 54, groups: [4, 3] };
    for (const network of [
      { encoderWidth: 12, widths: [8, 0, 32], hiddenLayers: 3 },
      { tileWidth: 16, hiddenLayers: 1, overlap: 0 },
    ]) {
      await expectEqualEngines(syntheticAsset({ ...size, ...network }), [2, 3.5]);
    }
  });
});

test("siedd decode --engine selects the engine and rejects one that does not support the profile", async (t) => {
  const folder = await tempFolder(t);
  const at = (name: string) => join(folder, name);
  await writeFile(at("tile.siedd"), syntheticAsset({ width: 96, height: 54, groups: [3] }));
  await writeFile(at("paper.siedd"), syntheticPaperAsset());
  for (const engine of ["auto", "kernel", "onnx"]) {
    await siedd("decode", at("tile.siedd"), "-o", at(`${engine}.yuv`), "--engine", engine);
  }
  const [auto, kernel, onnx] = await Promise.all(
    ["auto", "kernel", "onnx"].map((engine) => readFile(at(`${engine}.yuv`))),
  );
  assert.ok(auto.equals(kernel));
  assert.ok(!onnx.equals(kernel) && difference(onnx, kernel).max <= 1);
  await siedd("decode", at("paper.siedd"), "-o", at("paper.yuv"), "--engine", "onnx");
  await assert.rejects(
    siedd("decode", at("paper.siedd"), "-o", at("none.yuv"), "--engine", "kernel"),
    ({ code, stderr }) =>
      code === 1 && /^siedd: .*tile profile only.*choose the engine onnx or auto\n$/.test(stderr),
  );
  await assert.rejects(
    siedd("decode", at("tile.siedd"), "-o", at("none.yuv"), "--engine", "gpu"),
    ({ code, stderr }) => code === 2 && /auto, kernel, onnx/.test(stderr),
  );
  await assert.rejects(readFile(at("none.yuv")), /ENOENT/);
});

test("the kernel decodes the tile profile by default, and onnx requires a runtime", async () => {
  assert.deepEqual([chooseEngine("tile"), chooseEngine("paper")], ["kernel", "onnx"]);
  const asset = await openAsset(memorySource(syntheticAsset({ groups: [1] })));
  await assert.rejects(createFrameDecoder(asset, { engine: "onnx" }), {
    code: "bad-request",
    message: /pass options\.runtime/,
  });
});
