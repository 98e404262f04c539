import assert from "node:assert/strict";
import { test } from "node:test";
import { type SirenNetwork, sirenRate, storeSiren, widthOf } from "../../../bench/baselines/siren.js";
import { sirenFrames, trainSiren } from "../../../bench/baselines/train-siren.js";
import { evenly, loadVideo, someFrames } from "../../../bench/baselines/video.js";
import { framePsnr } from "../../../encoder/index.js";
import { clip, realClips } from "../../support/clips.js";

const SIZE = { width: 96, height: 54 };
const FRAMES = 6;
const BYTES = 12_000;

for (const [name, inputs] of [
  ["a SIREN over (x, y, t)", 3],
  ["a SIREN a frame (COIN)", 2],
] as const) {
  test(`${name}, to be compared with: it learns real frames, fits into its bytes, and is judged as it is stored`, async () => {
    const all = await loadVideo(await clip("bunny"), SIZE, FRAMES);
    const video = inputs === 3 ? all : someFrames(all, evenly(FRAMES, 2));
    const networks = inputs === 3 ? 1 : video.frameCount;
    const width = widthOf(inputs === 3 ? BYTES : BYTES / FRAMES, inputs, 4);
    const network: SirenNetwork = { networks, inputs, width, layers: 4 };
    const plan = { optimizer: "adam-onecycle", rate: sirenRate(network), points: 600, threads: 1 } as const;
    const numbers = Array.from({ length: video.frameCount }, (_, f) => f);
    const psnrs: number[] = [];
    for await (const { steps, seconds, weights } of trainSiren(network, video, { ...plan, steps: 200 })) {
      assert.ok(seconds > 0);
      if (steps !== 20 && steps !== 200) continue;
      const stored = storeSiren(network, weights());
      assert.ok(
        stored.bytes <= 1.15 * BYTES * (video.frameCount / FRAMES),
        `${stored.bytes} bytes, width ${width}`,
      );
      const shown = await sirenFrames(network, stored.weights, video, numbers, 1);
      shown.forEach(({ original }, f) => {
        const bytes = original.length;
        assert.deepEqual(
          original,
          video.frames.slice(f * bytes, (f + 1) * bytes),
          "every pixel of the frame",
        );
      });
      const psnr = shown.map(({ decoded, original }) => framePsnr(decoded, original));
      psnrs.push(psnr.reduce((sum, value) => sum + value, 0) / psnr.length);
      const coarse = await sirenFrames(network, stored.weights, video, [video.frameCount - 1], 3);
      const last = shown[video.frameCount - 1].decoded;
      coarse[0].decoded.forEach((value, i) => {
        const [pixel, c] = [Math.floor(i / 3), i % 3];
        const [x, y] = [(pixel % 32) * 3, Math.floor(pixel / 32) * 3];
        assert.ok(
          Math.abs(value - last[3 * (y * SIZE.width + x) + c]) <= 1,
          "the same picture, every third pixel",
        );
      });
    }
    assert.ok(psnrs[1] > psnrs[0] + 1, `${psnrs}`);
    if (await realClips()) assert.ok(psnrs[1] > 18, `${psnrs}`);
  });
}
