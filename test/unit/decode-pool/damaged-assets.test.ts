import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { run } from "../../../cli/run.js";
import {
  crc32c,
  fullRegion,
  type GroupWeights,
  KernelDecoder,
  memorySource,
  openAsset,
  quantize,
  readGroup,
  SieddError,
  writeGroup,
} from "../../../codec/internal.js";
import { DecodePool, decodeFrames } from "../../../decode-pool/index.js";
import { createRandom, syntheticAsset, syntheticGroup } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const FRAME = { width: 64, height: 48, groups: [4, 4, 4] };
const SIZE = { width: 64, height: 48 };
const bytes = syntheticAsset(FRAME);
const asset = await openAsset(memorySource(bytes));
assert.ok(asset.profile === "tile");
const { network } = asset;
const viewport = { region: fullRegion(FRAME), ...SIZE };
const pool = new DecodePool({ workers: 1 });
after(() => pool.close());

function damagedCopy(group: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[asset.groups[group].offset + 40] ^= 16;
  return copy;
}

async function fileOf(t: Parameters<typeof tempFolder>[0], contents: Uint8Array): Promise<string> {
  const path = join(await tempFolder(t), "video.siedd");
  await writeFile(path, contents);
  return path;
}

async function frames(path: string, onDamage?: (group: number, error: SieddError) => void) {
  const collected: Buffer[] = [];
  const options = { from: 0, count: 12, viewport, format: "i420-709" as const, onDamage };
  for await (const frame of decodeFrames(pool, path, options)) collected.push(Buffer.from(frame));
  return collected;
}

test("reports a damaged group by its index and decodes the others unchanged", async (t) => {
  const intact = await frames(await fileOf(t, bytes));
  for (const group of [0, 1, 2]) {
    const reports: [number, string][] = [];
    const decoded = await frames(await fileOf(t, damagedCopy(group)), (index, { message }) =>
      reports.push([index, message]),
    );
    assert.deepEqual(reports, [[group, `group ${group} is damaged: its checksum does not match`]]);
    decoded.forEach((frame, i) => {
      if (Math.floor(i / 4) !== group) assert.ok(frame.equals(intact[i]), `frame ${i}`);
      else if (group > 0)
        assert.ok(frame.equals(intact[group * 4 - 1]), `frame ${i} repeats the previous one`);
      else
        assert.ok(
          frame.every((value, at) => value === (at < 64 * 48 ? 16 : 128)),
          `frame ${i} is black`,
        );
    });
  }
});

test("siedd decode writes the intact frames of a damaged video and fails with the index of the group", async (t) => {
  const path = await fileOf(t, damagedCopy(1));
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const errorOutput = text(stderr);
  const output = join(path, "../out.y4m");
  const argv = ["decode", path, "-o", output];
  const code = await run(argv, { stdout, stderr, signal: new AbortController().signal });
  stderr.end();
  assert.equal(code, 1);
  assert.match(
    await errorOutput,
    /^siedd: .*video\.siedd: group 1 is damaged.*frames 4 to 7 of .* repeat the frame before them; copy or encode the asset again\n$/m,
  );
  const { size } = await (await import("node:fs/promises")).stat(output);
  assert.ok(size > 12 * 64 * 48 * 1.5);
});

test("a worker still decodes correctly after invalid requests", async (t) => {
  const path = await fileOf(t, bytes);
  const [expected] = await frames(path);
  const decode = async (changes: object) => {
    const bad = { from: 0, count: 1, viewport: { ...viewport, ...changes }, format: "rgba" as const };
    for await (const _ of decodeFrames(pool, path, bad));
  };
  for (const [changes, message] of [
    [{ region: { x: 1, y: 0, width: 64, height: 48 } }, /must lie within the frame/],
    [{ region: { x: Number.NaN, y: 0, width: 64, height: 48 } }, /must lie within the frame/],
    [{ width: 8193 }, /must be integers from 1 to 8192/],
    [{ width: 0 }, /must be integers from 1 to 8192/],
  ] as const) {
    await assert.rejects(decode(changes), (error) => {
      assert.ok(error instanceof SieddError && error.code === "bad-request", String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  assert.deepEqual((await frames(path))[0], expected);
});

/** Returns a payload with extreme weights, the largest that the format can store. */
function extremePayload(changes: Partial<GroupWeights<Float32Array>>): Uint8Array {
  const group = syntheticGroup(network, 4, createRandom(3), [8]);
  const steps = { hidden: [1e3, 1e3], hiddenBias: [1e3, 1e3], head: 1e3, headBias: 1e3, motion: 1e3 };
  const quantized = quantize({ ...group, ...changes }, steps);
  const next = createRandom(9);
  const extreme = (values: Int32Array) => values.map(() => Math.round(next() * (2 ** 20 - 1)));
  return writeGroup(network, {
    ...quantized,
    // Motion is coded as differences, which must be within the bounds too.
    motion: extreme(quantized.motion).map((value) => value >> 1),
    tiles: quantized.tiles.map((tile) => ({
      ...tile,
      hidden: tile.hidden.map(extreme),
      hiddenBias: tile.hiddenBias.map(extreme),
      head: extreme(tile.head),
      headBias: extreme(tile.headBias),
    })),
  });
}

test("extreme weights decode without an error and do not affect later frames", async () => {
  const decoder = await KernelDecoder.create(asset);
  const good = decoder.loadGroup(0, await asset.readGroup(0));
  const decode = (group: typeof good, width = 64, height = 48) => {
    const out = new Uint8Array((width * height * 3) / 2);
    decoder.decodeI420(group, 1, { viewport: { ...viewport, width, height }, matrix: "bt709" }, out);
    return out;
  };
  const before = decode(good);
  const extremeGroup = decoder.loadGroup(1, extremePayload({}));
  for (const [width, height] of [
    [64, 48],
    [32, 24],
    [130, 90],
  ]) {
    decode(extremeGroup, width, height);
  }
  assert.deepEqual(decode(good), before);
});

test("rejects a group whose normalization is not finite or out of range", () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e30]) {
    const payload = extremePayload({ deviation: [0.2, value, 0.2] });
    assert.throws(
      () => readGroup(network, { index: 1, frameCount: 4 }, payload),
      (error) => {
        assert.ok(error instanceof SieddError && error.code === "corrupt-group");
        assert.match(error.message, /group 1 is damaged: .*(a deviation|not finite)/);
        return true;
      },
    );
  }
});

test("damage that passes the checksum never crashes a decoder", async () => {
  const decoder = await KernelDecoder.create(asset);
  const payload = await asset.readGroup(2);
  const next = createRandom(21);
  let rejected = 0;
  for (let i = 0; i < 150; i++) {
    const damaged = Uint8Array.from(payload);
    const at = Math.floor(((next() + 1) / 2) * (payload.length - 4));
    damaged[at] ^= 1 << Math.floor((next() + 1) * 4);
    new DataView(damaged.buffer).setUint32(damaged.length - 4, crc32c(damaged.subarray(0, -4)));
    try {
      const group = decoder.loadGroup(2, damaged);
      decoder.decodeI420(group, 3, { viewport, matrix: "bt601" }, new Uint8Array(64 * 72));
    } catch (error) {
      assert.ok(error instanceof SieddError, `byte ${at}: ${error}`);
      rejected++;
    }
  }
  assert.ok(rejected > 0);
});
