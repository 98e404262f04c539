import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { compress } from "../../../../server/http/compression.js";

const TEXT = "#EXTINF:1.000,\nseg-0.m4s\n".repeat(500);

test("concurrent and later requests of one ETag share one compression", async () => {
  const results = await Promise.all(Array.from({ length: 5 }, () => compress(TEXT, "br", '"shared"')));
  results.push(await compress(TEXT, "br", '"shared"'));
  assert.ok(results.every((bytes) => bytes === results[0]));
  assert.equal(`${brotliDecompressSync(results[0]!)}`, TEXT);
});

test("each ETag has its own bytes", async () => {
  const [br, gzip, other] = await Promise.all([
    compress(TEXT, "br", '"br"'),
    compress(TEXT, "gzip", '"gzip"'),
    compress(`${TEXT}#`, "gzip", '"other"'),
  ]);
  assert.equal(`${brotliDecompressSync(br)}`, TEXT);
  assert.equal(`${gunzipSync(gzip)}`, TEXT);
  assert.equal(`${gunzipSync(other)}`, `${TEXT}#`);
});

test("a text that exceeds the cache is delivered but not cached", async () => {
  const noise = randomBytes(17 * 1024 * 1024).toString("base64");
  const [one, two] = [await compress(noise, "gzip", '"large"'), await compress(noise, "gzip", '"large"')];
  assert.ok(one.length > 16 * 1024 * 1024);
  assert.ok(one !== two && one.equals(two));
});
