import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, stat, utimes } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { testServer } from "../../support/running-server.js";

const SMALL = { width: 160, height: 90, groups: [2] };
const built = (name: string) => readFile(new URL(`../../../player/web/${name}`, import.meta.url));

/** Sends a request with exactly these headers: fetch would add Accept-Encoding. */
async function send(url: string, headers: Record<string, string> = {}, method = "GET") {
  const sent = request(url, { headers, method, agent: false }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

test("modification times change neither the coding nor the ETag of the player's files", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const url = `${server.url}player/siedd-player.js`;
  const accept = { "accept-encoding": "br" };
  const before = await send(url, accept);
  // npm extracts the compressed files before the original.
  const files = ["siedd-player.js", "siedd-player.js.br"].map(
    (name) => new URL(`../../../player/web/${name}`, import.meta.url),
  );
  const times = await Promise.all(files.map((file) => stat(file)));
  t.after(() => Promise.all(files.map((file, i) => utimes(file, times[i].atime, times[i].mtime))));
  await utimes(files[0], new Date(), new Date());
  await utimes(files[1], new Date(1985, 9, 26), new Date(1985, 9, 26));
  const after = await send(url, accept);
  assert.equal(after.headers["content-encoding"], "br");
  assert.equal(after.headers.etag, before.headers.etag);
  assert.equal((await send(url, { ...accept, "if-none-match": `${before.headers.etag}` })).status, 304);
});

test("scripts and styles of the player use the best coding that the client accepts, and decompress to the same bytes", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const name of [
    "siedd-player.js",
    "siedd-player.iife.js",
    "library.js",
    "video.js",
    "page.css",
    "icon.svg",
  ]) {
    const plain = await built(name);
    const url = `${server.url}player/${name}`;
    const tags = new Set<string | undefined>();
    for (const [accepted, coding, decompress] of [
      [undefined, undefined, (bytes: Buffer) => bytes],
      ["gzip, deflate", "gzip", gunzipSync],
      ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
      ["br;q=0, gzip;q=0.5", "gzip", gunzipSync],
      ["br;q=0, gzip;q=0", undefined, (bytes: Buffer) => bytes],
      ["identity", undefined, (bytes: Buffer) => bytes],
      ["*", "br", brotliDecompressSync],
    ] as const) {
      const requestHeaders: Record<string, string> =
        accepted === undefined ? {} : { "accept-encoding": accepted };
      const { status, headers, body } = await send(url, requestHeaders);
      const { etag, vary } = headers;
      assert.deepEqual([status, headers["content-encoding"], vary], [200, coding, "accept-encoding"], name);
      assert.ok(Buffer.from(decompress(body)).equals(plain), `${name} as ${accepted}`);
      assert.match(headers["content-type"] ?? "", /^(application\/javascript|text\/css|image\/svg)/);
      assert.equal(headers["content-length"], `${body.length}`);
      if (coding !== undefined && plain.length > 5000) assert.ok(body.length < 0.45 * plain.length, name);
      tags.add(etag);
      const head = await send(url, requestHeaders, "HEAD");
      for (const key of ["etag", "content-length", "content-encoding", "content-type", "vary"])
        assert.equal(head.headers[key], headers[key], `${key} of ${name}`);
      const revalidated = await send(url, { ...requestHeaders, "if-none-match": `${etag}` });
      assert.deepEqual(
        [revalidated.status, revalidated.headers.vary, revalidated.body.length],
        [304, "accept-encoding", 0],
      );
    }
    assert.equal(tags.size, 3, "each coding has its own strong ETag");
    const [one, other] = [...tags];
    const otherCoding = { "accept-encoding": "gzip", "if-none-match": `${one}` };
    assert.equal((await send(url, otherCoding)).status, 200, "the ETag of one coding does not match another");
    assert.notEqual(one, other);
  }
});

test("precompressed files have no URLs of their own", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const name of ["siedd-player.js.br", "siedd-player.js.gz", ".", "no.js"])
    assert.equal((await send(`${server.url}player/${name}`)).status, 404, name);
  // No path may contain an encoded slash.
  assert.equal((await send(`${server.url}player/..%2Fpackage.json`)).status, 400);
});

test("the player's files have strong ETags, and ignore malformed Range headers", async (t) => {
  const server = await testServer(t, {});
  const full = await server.get("player/siedd-player.js");
  const etag = full.headers.get("etag") ?? "";
  assert.match(etag, /^"/);
  for (const range of ["bytes=a-b", "bytes=5-2", "bytes=999999999-"]) {
    const response = await server.get("player/siedd-player.js", { headers: { range } });
    assert.deepEqual([response.status, response.body.length], [200, full.body.length], range);
  }
  const again = await server.get("player/siedd-player.js", { headers: { "if-none-match": etag } });
  assert.deepEqual([again.status, again.body.length], [304, 0]);
});
