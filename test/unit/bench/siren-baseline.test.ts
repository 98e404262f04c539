import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compressSiren,
  type SirenNetwork,
  sirenLearningRate,
  widthForBytes,
} from "../../../bench/baselines/siren.js";
import { decodeSirenFrames, trainSiren } from "../../../bench/baselines/train-siren.js";
import { evenlySpaced, loadVideo, selectFrames } from "../../../bench/baselines/video.js";
import { framePsnr } from "../../../encoder/index.js";
import { clip, realClips } from "../../support/clips.js";

const SIZE = { width: 96, height: 54 };
const FRAMES = 6;
const BYTES = 12_000;

for (const [name, inputs] of [
  ["a SIREN over (x, y, t)", 3],
  ["a SIREN per frame (COIN)", 2],
] as const) {
  test(`${name} learns real frames, fits into its bytes, and is evaluated as it is stored`, async () => {
    const allFrames = await loadVideo(await clip("bunny"), SIZE, FRAMES);
    const video = inputs === 3 ? allFrames : selectFrames(allFrames, evenlySpaced(FRAMES, 2));
    const networks = inputs === 3 ? 1 : video.frameCount;
    const width = widthForBytes(inputs === 3 ? BYTES : BYTES / FRAMES, inputs, 4);
    const network: SirenNetwork = { networks, inputs, width, layers: 4 };
    const learningRate = sirenLearningRate(network);
    const plan = { optimizer: "adam-onecycle", learningRate, points: 600, threads: 1 } as const;
    const frames = Array.from({ length: video.frameCount }, (_, frame) => frame);
    const psnrs: number[] = [];
    for await (const { steps, seconds, weights } of trainSiren(network, video, { ...plan, steps: 200 })) {
      assert.ok(seconds > 0);
      if (steps !== 20 && steps !== 200) continue;
      const stored = compressSiren(network, weights());
      assert.ok(
        stored.bytes <= 1.15 * BYTES * (video.frameCount / FRAMES),
        `${stored.bytes} bytes, width ${width}`,
      );
      const results = await decodeSirenFrames({
        network,
        weights: stored.weights,
        video,
        frames,
        stride: 1,
      });
      results.forEach(({ original }, f) => {
        const bytes = original.length;
        assert.deepEqual(
          original,
          video.frames.slice(f * bytes, (f + 1) * bytes),
          "the original contains every pixel of the frame",
        );
      });
      const psnr = results.map(({ decoded, original }) => framePsnr(decoded, original));
      psnrs.push(psnr.reduce((sum, value) => sum + value, 0) / psnr.length);
      const coarse = await decodeSirenFrames({
        network,
        weights: stored.weights,
        video,
        frames: [video.frameCount - 1],
        stride: 3,
      });
      const last = results[video.frameCount - 1].decoded;
      coarse[0].decoded.forEach((value, i) => {
        const [pixel, c] = [Math.floor(i / 3), i % 3];
        const [x, y] = [(pixel % 32) * 3, Math.floor(pixel / 32) * 3];
        assert.ok(
          Math.abs(value - last[3 * (y * SIZE.width + x) + c]) <= 1,
          "a stride of 3 gives the same pixels",
        );
      });
    }
    assert.ok(psnrs[1] > psnrs[0] + 1, `${psnrs}`);
    if (await realClips()) assert.ok(psnrs[1] > 18, `${psnrs}`);
  });
}
