import assert from "node:assert/strict";
import { test } from "node:test";
import { memorySource } from "../../../../codec/internal.js";
import { Identities } from "../../../../server/library/identity.js";
import { createRandom } from "../../../support/synthetic-asset.js";

const KiB = 1024;

function randomBytes(length: number): Uint8Array {
  const random = createRandom(5);
  return Uint8Array.from({ length }, () => 128 * (random() + 1));
}

/** Returns the identity of bytes in memory. */
const identityOf = (bytes: Uint8Array): Promise<string> => new Identities().of("", memorySource(bytes));

function edited(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}

test("files up to 256 KiB are identified by all of their bytes", async () => {
  for (const length of [0, 1, 4096, 256 * KiB]) {
    const bytes = randomBytes(length);
    const identity = await identityOf(bytes);
    assert.equal(await identityOf(bytes.slice()), identity);
    for (const at of [0, length >> 1, length - 1].filter((at) => at >= 0 && at < length)) {
      assert.notEqual(await identityOf(edited(bytes, at)), identity, `byte ${at} of ${length}`);
    }
  }
});

test("longer files are identified by their size, head, and samples up to their end", async () => {
  for (const length of [256 * KiB + 1, 270 * KiB, 1500 * KiB]) {
    const bytes = randomBytes(length);
    const identity = await identityOf(bytes);
    for (const at of [0, 256 * KiB - 1, length - 1]) {
      assert.notEqual(await identityOf(edited(bytes, at)), identity, `byte ${at} of ${length}`);
    }
    assert.notEqual(await identityOf(bytes.subarray(0, length - 1)), identity);
    const rewritten = bytes.slice();
    rewritten.fill(0, 256 * KiB);
    assert.notEqual(await identityOf(rewritten), identity);
  }
});

test("an identity is computed once per revision, and again after a failed read", async () => {
  let reads = 0;
  const bytes = randomBytes(1500 * KiB);
  const identities = new Identities();
  const file = {
    size: bytes.length,
    read: async (offset: number, length: number) => {
      if (++reads === 1) throw new Error("not now");
      return bytes.subarray(offset, offset + length);
    },
  };
  await assert.rejects(identities.of("a 1", file), /not now/);
  const [identity, same] = await Promise.all([identities.of("a 1", file), identities.of("a 1", file)]);
  assert.deepEqual([same, reads], [identity, 8]);
  assert.equal(await identities.of("b 1", file), identity);
  assert.equal(reads, 15);
});
