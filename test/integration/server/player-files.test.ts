import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { testServer } from "../../support/running-server.js";

const SMALL = { width: 160, height: 90, groups: [2] };
const built = (name: string) => readFile(new URL(`../../../player/web/${name}`, import.meta.url));

/** A request with these headers and no others: fetch would negotiate by itself. */
async function ask(url: string, headers: Record<string, string> = {}, method = "GET") {
  const asked = request(url, { headers, method, agent: false }).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

test("the player's scripts and styles come as small as the client takes them, and are the same unpacked", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const name of ["siedd-player.js", "siedd-player.iife.js", "page.js", "page.css", "icon.svg"]) {
    const plain = await built(name);
    const url = `${server.url}player/${name}`;
    const tags = new Set<string | undefined>();
    for (const [accepted, encoding, unpack] of [
      [undefined, undefined, (bytes: Buffer) => bytes],
      ["gzip, deflate", "gzip", gunzipSync],
      ["gzip, deflate, br, zstd", "br", brotliDecompressSync],
      ["br;q=0, gzip;q=0.5", "gzip", gunzipSync],
      ["br;q=0, gzip;q=0", undefined, (bytes: Buffer) => bytes],
      ["identity", undefined, (bytes: Buffer) => bytes],
      ["*", "br", brotliDecompressSync],
    ] as const) {
      const given: Record<string, string> = accepted === undefined ? {} : { "accept-encoding": accepted };
      const { status, headers, body } = await ask(url, given);
      const { etag, vary } = headers;
      assert.deepEqual([status, headers["content-encoding"], vary], [200, encoding, "accept-encoding"], name);
      assert.ok(Buffer.from(unpack(body)).equals(plain), `${name} as ${accepted}`);
      assert.match(headers["content-type"] ?? "", /^(application\/javascript|text\/css|image\/svg)/);
      assert.equal(headers["content-length"], `${body.length}`);
      if (encoding !== undefined && plain.length > 5000) assert.ok(body.length < 0.45 * plain.length, name);
      tags.add(etag);
      const head = await ask(url, given, "HEAD");
      for (const key of ["etag", "content-length", "content-encoding", "content-type", "vary"])
        assert.equal(head.headers[key], headers[key], `${key} of ${name}`);
      const known = await ask(url, { ...given, "if-none-match": `${etag}` });
      assert.deepEqual([known.status, known.headers.vary, known.body.length], [304, "accept-encoding", 0]);
    }
    assert.equal(tags.size, 3, "a strong tag is of one encoding");
    const [one, other] = [...tags];
    const packed = { "accept-encoding": "gzip", "if-none-match": `${one}` };
    assert.equal((await ask(url, packed)).status, 200, "what is known plain is not known compressed");
    assert.notEqual(one, other);
  }
});

test("what the build compressed has no address of its own", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const name of ["siedd-player.js.br", "siedd-player.js.gz", "../package.json", ".", "no.js"])
    assert.equal((await ask(`${server.url}player/${encodeURIComponent(name)}`)).status, 404, name);
});
