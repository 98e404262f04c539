import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { signUrl } from "../../../server/index.js";
import { testServer } from "../../support/running-server.js";

const LONG = {
  width: 160,
  height: 90,
  groups: Array.from({ length: 120 }, () => 1),
  frameRate: { num: 1, den: 1 },
  tileWidth: 4,
};
const KEY = { id: "a", secret: "0123456789abcdef" };

/** Requests a URL without decompressing the response, unlike `fetch`. */
async function get(url: URL, headers: OutgoingHttpHeaders = {}, method = "GET") {
  const clientRequest = request(url, { headers, method, agent: false });
  clientRequest.end();
  const [response] = (await once(clientRequest, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
}

test("long playlists, info.json and the catalog are compressed if the client accepts it, with an ETag per coding", async (t) => {
  const short = { ...LONG, groups: [1] };
  const others = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`other-${i}`, short]));
  const server = await testServer(t, { video: LONG, short, ...others });
  for (const path of ["video/full/80,46/index.m3u8", "video/info.json", ""]) {
    const url = new URL(path, server.url);
    const accept = path === "" ? { accept: "text/html" } : {};
    const vary = path === "" ? "accept, accept-encoding" : "accept-encoding";
    const identity = await get(url, accept);
    assert.deepEqual([identity.headers["content-encoding"], identity.headers.vary], [undefined, vary], path);
    const etags = new Set([identity.headers.etag]);
    for (const [accepted, coding, decompress] of [
      ["gzip, deflate, br", "br", brotliDecompressSync],
      ["gzip", "gzip", gunzipSync],
      ["br;q=0, gzip;q=0.1", "gzip", gunzipSync],
    ] as const) {
      const requestHeaders = { ...accept, "accept-encoding": accepted };
      const { status, headers, body } = await get(url, requestHeaders);
      assert.deepEqual([status, headers["content-encoding"], headers.vary], [200, coding, vary], path);
      assert.ok(decompress(body).equals(identity.body) && 2 * body.length < identity.body.length, path);
      assert.equal(headers["content-length"], `${body.length}`);
      etags.add(headers.etag);
      const head = await get(url, requestHeaders, "HEAD");
      for (const name of ["etag", "content-encoding", "content-type", "vary", "cache-control"])
        assert.equal(head.headers[name], headers[name], `HEAD ${path} ${name}`);
      const known = await get(url, { ...requestHeaders, "if-none-match": headers.etag });
      assert.deepEqual([known.status, known.headers.vary, known.body.length], [304, vary, 0]);
      assert.equal((await get(url, { ...accept, "if-none-match": headers.etag })).status, 200);
    }
    assert.equal(etags.size, 3, path);
    const unsupported = await get(url, { ...accept, "accept-encoding": "identity, zstd" });
    assert.ok(unsupported.headers["content-encoding"] === undefined);
    assert.ok(unsupported.body.equals(identity.body));
  }
  // Short texts and binary responses are not compressed.
  for (const path of ["short/info.json", "video/full/80,46/seg-0.m4s", "video/asset"]) {
    const { headers } = await get(new URL(path, server.url), { "accept-encoding": "br, gzip" });
    assert.deepEqual([headers["content-encoding"], headers.vary], [undefined, undefined], path);
  }
  const failed = await get(new URL("video/full/80,46/index.m3u8?v=old", server.url), {
    "accept-encoding": "br",
  });
  assert.deepEqual([failed.status, failed.headers["content-encoding"]], [404, undefined]);
});

test("each signature has its own compressed playlist", async (t) => {
  const server = await testServer(t, { video: LONG }, { signKeys: [KEY] });
  const etags = new Set<string>();
  for (const expires of [600, 60_000]) {
    const url = new URL(signUrl(`${server.url}video/full/80,46/index.m3u8`, { key: KEY, expires }));
    const { headers, body } = await get(url, { "accept-encoding": "gzip" });
    assert.equal(headers["cache-control"], "private, no-cache");
    assert.ok(gunzipSync(body).includes(`sig=${url.searchParams.get("sig")}`));
    etags.add(`${headers.etag}`);
  }
  assert.equal(etags.size, 2);
});
