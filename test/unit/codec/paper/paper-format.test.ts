import assert from "node:assert/strict";
import { test } from "node:test";
import * as ort from "onnxruntime-node";
import {
  assetInfo,
  memorySource,
  openAsset,
  type PaperAsset,
  PaperDecoder,
  readPaperGroup,
  SieddError,
  writePaperGroup,
} from "../../../../codec/internal.js";
import { createRandom } from "../../../support/synthetic-asset.js";
import {
  type SyntheticPaperOptions,
  syntheticPaperAsset,
  syntheticPaperGroup,
  syntheticPaperNetwork,
} from "../../../support/synthetic-paper.js";

async function openPaper(options: SyntheticPaperOptions = {}): Promise<PaperAsset> {
  const asset = await openAsset(memorySource(syntheticPaperAsset(options)));
  assert.ok(asset.profile === "paper");
  return asset;
}

test("reading returns the groups and networks that were written", async () => {
  for (const options of [{}, { patch: 6 }, { factors: { rank: 7, frequency: 0, amplitude: 1 } }]) {
    const network = syntheticPaperNetwork(options);
    const group = syntheticPaperGroup(network, 5, createRandom(3));
    assert.deepEqual(readPaperGroup(network, { index: 0, frameCount: 5 }, writePaperGroup(group)), group);
    assert.deepEqual((await openPaper(options)).network, network);
  }
});

test("rejects an unknown patch size or rank, and reports its value", async () => {
  for (const [options, message] of [
    [{ patch: 2 }, /unsupported patch size 2 or rank 0 at width 20; upgrade siedd/],
    [{ patch: 5 }, /unsupported patch size 5 or/],
    [{ factors: { rank: 11, frequency: 0, amplitude: 1 } }, /patch size 1 or rank 11 at width 20/],
  ] as const) {
    await assert.rejects(
      openPaper(options),
      (error) =>
        error instanceof SieddError && error.code === "unsupported-version" && message.test(error.message),
    );
  }
  for (const [factors, message] of [
    [{ rank: 4, frequency: -200, amplitude: 1 }, /the frequency of factored matrices/],
    [{ rank: 4, frequency: 200, amplitude: Number.NaN }, /not finite/],
  ] as const) {
    await assert.rejects(
      openPaper({ factors }),
      (error) => error instanceof SieddError && error.code === "bad-asset" && message.test(error.message),
    );
  }
});

test("reading returns the shared encoder that was written, and assetInfo reports the profile", async () => {
  const asset = await openPaper();
  assert.equal(assetInfo(asset).profile, "paper");
  assert.deepEqual(asset.network, syntheticPaperNetwork());
  assert.equal(asset.encoder.layers.length, 2);
  assert.deepEqual(
    [asset.encoder.layers[0].weights.inputs, asset.encoder.layers[1].weights.inputs],
    [18, 20],
  );
});

test("a damaged group is reported by its index, and other groups still load", async () => {
  const asset = await openPaper();
  const decoder = await PaperDecoder.create(asset, ort, { threads: 1 });
  decoder.loadGroup(0, await asset.readGroup(0));
  const payload = (await asset.readGroup(1)).slice();
  for (const at of [3, 40, payload.length - 2]) {
    payload[at] ^= 4;
    assert.throws(
      () => decoder.loadGroup(1, payload),
      (error) =>
        error instanceof SieddError && error.code === "corrupt-group" && /group 1/.test(error.message),
    );
    payload[at] ^= 4;
  }
  decoder.loadGroup(1, payload);
});

test("a flipped bit in the header never yields a different network", async () => {
  const bytes = syntheticPaperAsset();
  const good = await openPaper();
  const next = createRandom(11);
  for (let i = 0; i < 200; i++) {
    const damaged = bytes.slice();
    damaged[Math.floor(((next() + 1) / 2) * good.headerBytes)] ^= 1 << Math.floor((next() + 1) * 4);
    try {
      const asset = await openAsset(memorySource(damaged));
      assert.deepEqual([asset.network, asset.encoder], [good.network, good.encoder]);
    } catch (error) {
      assert.ok(error instanceof SieddError, `${error}`);
    }
  }
});
