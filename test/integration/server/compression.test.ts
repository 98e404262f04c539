import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { signUrl } from "../../../server/index.js";
import { testServer } from "../../support/running-server.js";

const LONG = { width: 160, height: 90, groups: Array.from({ length: 120 }, () => 1), tileWidth: 4 };
const KEY = { id: "a", secret: "0123456789abcdef" };

/** As it crosses the network: `fetch` undoes what the server did. */
async function get(url: URL, headers: OutgoingHttpHeaders = {}, method = "GET") {
  const asking = request(url, { headers, method, agent: false });
  asking.end();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) };
}

test("long playlists, info.json and the catalog come compressed to whom takes that, each coding with its tag", async (t) => {
  const server = await testServer(t, { video: LONG, short: { ...LONG, groups: [1] } });
  for (const path of ["video/full/80,46/index.m3u8", "video/info.json", ""]) {
    const url = new URL(path, server.url);
    const accept = path === "" ? { accept: "text/html" } : {};
    const vary = path === "" ? "accept, accept-encoding" : "accept-encoding";
    const whole = await get(url, accept);
    assert.deepEqual([whole.headers["content-encoding"], whole.headers.vary], [undefined, vary], path);
    const tags = new Set([whole.headers.etag]);
    for (const [accepted, coding, undo] of [
      ["gzip, deflate, br", "br", brotliDecompressSync],
      ["gzip", "gzip", gunzipSync],
      ["br;q=0, gzip;q=0.1", "gzip", gunzipSync],
    ] as const) {
      const asked = { ...accept, "accept-encoding": accepted };
      const { status, headers, body } = await get(url, asked);
      assert.deepEqual([status, headers["content-encoding"], headers.vary], [200, coding, vary], path);
      assert.ok(undo(body).equals(whole.body) && 2 * body.length < whole.body.length, path);
      assert.equal(headers["content-length"], `${body.length}`);
      tags.add(headers.etag);
      const head = await get(url, asked, "HEAD");
      for (const name of ["etag", "content-encoding", "content-type", "vary", "cache-control"])
        assert.equal(head.headers[name], headers[name], `HEAD ${path} ${name}`);
      const known = await get(url, { ...asked, "if-none-match": headers.etag });
      assert.deepEqual([known.status, known.headers.vary, known.body.length], [304, vary, 0]);
      assert.equal((await get(url, { ...accept, "if-none-match": headers.etag })).status, 200);
    }
    assert.equal(tags.size, 3, path);
    const none = await get(url, { ...accept, "accept-encoding": "identity, zstd" });
    assert.ok(none.headers["content-encoding"] === undefined && none.body.equals(whole.body));
  }
  // What is short, or no text, stays as it is.
  for (const path of ["short/info.json", "video/full/80,46/seg-0.m4s", "video/asset"]) {
    const { headers } = await get(new URL(path, server.url), { "accept-encoding": "br, gzip" });
    assert.deepEqual([headers["content-encoding"], headers.vary], [undefined, undefined], path);
  }
  const failed = await get(new URL("video/full/80,46/index.m3u8?v=old", server.url), {
    "accept-encoding": "br",
  });
  assert.deepEqual([failed.status, failed.headers["content-encoding"]], [404, undefined]);
});

test("a compressed playlist of one signature is not that of another", async (t) => {
  const server = await testServer(t, { video: LONG }, { signKeys: [KEY] });
  const seen = new Set<string>();
  for (const expires of [600, 60_000]) {
    const url = new URL(signUrl(`${server.url}video/full/80,46/index.m3u8`, { key: KEY, expires }));
    const { headers, body } = await get(url, { "accept-encoding": "gzip" });
    assert.equal(headers["cache-control"], "private, no-cache");
    assert.ok(gunzipSync(body).includes(`sig=${url.searchParams.get("sig")}`));
    seen.add(`${headers.etag}`);
  }
  assert.equal(seen.size, 2);
});
