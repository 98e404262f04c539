import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { readCorpus } from "../../../../bench/fuzzing/fuzz-assets.js";
import { fullRegion, KernelDecoder, memorySource, openAsset } from "../../../../codec/internal.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";
import { syntheticPaperAsset } from "../../../support/synthetic-paper.js";

test("assets of the paper profile have the golden hashes", () => {
  const low = { rank: 5, frequency: 0, amplitude: 1 };
  const sine = { rank: 4, frequency: 200, amplitude: Math.fround(0.02) };
  for (const [options, hash] of [
    [{}, "45ffba9ee2c636e7b10607ffd4d680783251b848fbe23ce6139897743ffab66b"],
    [{ patch: 3 }, "235e64f62295c505b23f17792d89f1f5e9ae049c6cabf9438bef938116afa84e"],
    [{ factors: low }, "8a6a928c412129fe0cf29b41dcacb5406cbd38add37aae695a5ce15045843df9"],
    [{ patch: 6, factors: sine }, "34cb9bcf31d35608d26141dbf0d6c9d38299c79a17ad1f8a3d2e5763dc7df6e5"],
  ] as const) {
    assert.equal(createHash("sha256").update(syntheticPaperAsset(options)).digest("hex"), hash);
  }
});

test("assets of the tile profile have the golden hash", () => {
  const bytes = syntheticAsset({
    width: 101,
    height: 67,
    groups: [3, 2],
    widths: [8, 4, 12, 0, 16],
    encoderWidth: 12,
  });
  assert.equal(
    createHash("sha256").update(bytes).digest("hex"),
    "69dbfa3eadaa3e5f9d9336ff1b601b4c7708dd0f8b19dfc75a851e9ca2fc0a69",
  );
});

for (const [name, version, hash] of [
  ["tile-widths.siedd", 1, "1f67a10ee8351e1279bfacc09c1d4b82efe648e8fe5478dd9b55f174d14f3ae3"],
  ["tile-spans.siedd", 2, "1d9cbabf7f9d4d012d3814e8d466a13520fa4c61db0115c83873e4330fe41c25"],
] as const) {
  test(`the frames of a stored asset of version ${version} have the golden hash`, async () => {
    const asset = await openAsset(memorySource((await readCorpus("valid")).get(name)!));
    assert.equal(asset.version, version);
    assert.ok(asset.profile === "tile");
    const { width, height } = asset;
    const decoder = await KernelDecoder.create(asset);
    const frames = createHash("sha256");
    for (const { index, frameCount } of asset.groups) {
      const group = decoder.loadGroup(index, await asset.readGroup(index));
      for (let frame = 0; frame < frameCount; frame++) {
        const out = new Uint8Array(width * height * 4);
        decoder.decodeRgba(group, frame, { region: fullRegion(asset), width, height }, out);
        frames.update(out);
      }
    }
    assert.equal(frames.digest("hex"), hash);
  });
}
