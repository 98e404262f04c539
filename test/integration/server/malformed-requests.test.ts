import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import fastify from "fastify";
import siedd from "../../../server/index.js";
import { testServer } from "../../support/running-server.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

/** Sends bytes and returns everything that the server responds until it closes the connection. */
function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}

test("write methods get 405 with Allow on every path, and their bodies are not read", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const app = fastify({ pluginTimeout: 0 });
  t.after(() => app.close());
  app.post("/own", () => "kept");
  app.post("/videos/video/own", () => "kept");
  await app.register(siedd, { root: server.root, prefix: "/videos" });
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "PROPFIND", "TRACE"] as const) {
    for (const path of [
      "",
      "video/info.json",
      "video/full/80,46/seg-0.m4s",
      "healthz",
      "metrics",
      "nothing",
    ]) {
      // The announced body is never sent: a server that waited for it would not respond.
      const head = `${method} /${path} HTTP/1.1\r\nHost: here\r\n`;
      const response = await exchange(
        server.port,
        `${head}Content-Type: a/b\r\nContent-Length: 9999999\r\n\r\n`,
      );
      assert.match(response, /^HTTP\/1\.1 405 /, `${method} ${path}`);
      assert.match(response, /\r\nallow: GET, HEAD, OPTIONS\r\n/, `${method} ${path}`);
      assert.match(response, /\{"error":\{"code":"method-not-allowed","message":"[^"]+"\}\}$/);
    }
  }
  for (const url of ["/videos/video/info.json", "/videos/nothing"]) {
    const { statusCode, headers } = await app.inject({ method: "POST", url });
    assert.deepEqual([statusCode, headers.allow], [405, "GET, HEAD, OPTIONS"], url);
  }
  for (const url of ["/own", "/videos/video/own"])
    assert.equal((await app.inject({ method: "POST", url })).body, "kept");
  assert.equal((await app.inject({ method: "POST", url: "/other" })).statusCode, 404);
  const { text: counted } = await server.get("metrics");
  assert.match(counted, /siedd_errors_total\{code="method-not-allowed"\} [1-9]/);
});

test("HTTP/1.0 clients are served, and get no absolute URLs without a Host", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const get = (path: string, ...headers: string[]) =>
    exchange(server.port, [`GET /${path} HTTP/1.0`, ...headers, "", ""].join("\r\n"));
  assert.match(await get("video/info.json"), /^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n[\s\S]*\}$/);
  assert.match(await get("video/asset", "Range: bytes=4-7"), /^HTTP\/1\.1 206 [\s\S]*\r\n\r\nftyp$/);
  const oembed = `player/oembed?url=${encodeURIComponent("http://videos.example/video")}`;
  for (const path of ["player/embed/video", oembed]) {
    for (const headers of [[], ["Host: a b"]]) {
      const response = await get(path, ...headers);
      assert.match(response, /^HTTP\/1\.1 400 [\s\S]*"code":"bad-host"/, `${path} ${headers}`);
    }
    assert.match(await get(path, "Host: videos.example"), /^HTTP\/1\.1 200 /, path);
  }
});

test("malformed and oversized requests get the same error JSON as all others", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const head = "GET /video/info.json HTTP/1.1\r\nHost: here\r\n";
  for (const [bytes, status, code] of [
    ["nonsense\r\n\r\n", 400, "bad-request"],
    [`${head}Bad Header: 1\r\n\r\n`, 400, "bad-request"],
    [`${head}X: ${"x".repeat(20_000)}\r\n\r\n`, 431, "headers-too-large"],
    [`GET /video/info.json?${"x".repeat(20_000)} HTTP/1.1\r\nHost: here\r\n\r\n`, 431, "headers-too-large"],
  ] as const) {
    const response = await exchange(server.port, bytes);
    assert.match(response, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(response, new RegExp(`\\r\\n\\r\\n\\{"error":\\{"code":"${code}","message":"[^"]+"\\}\\}$`));
  }
  // A client that sends one byte at a time cannot keep a connection open forever.
  const { headersTimeout, requestTimeout, timeout } = server.app.server;
  for (const limit of [headersTimeout, requestTimeout, timeout]) assert.ok(limit > 0 && limit <= 300_000);
});

test("a path that the router rejects gets the same error JSON as all others", async (t) => {
  const server = await testServer(t, {});
  for (const [path, status] of [
    ["%ff/info.json", 400],
    ["a%b/info.json", 400],
    [`${"a".repeat(600)}/info.json`, 414],
  ] as const) {
    const response = await server.get(path);
    assert.deepEqual([response.status, response.code], [status, "bad-url"], path);
    assert.equal(response.headers.get("cache-control"), "no-store");
  }
});
