import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import helmet from "@fastify/helmet";
import fastify from "fastify";
import siedd from "../../../server/index.js";
import { testServer } from "../../support/running-server.js";

const SMALL = { width: 160, height: 90, groups: [2] };
/** The Accept header of a browser that opens a URL in a tab or an iframe. */
const NAVIGATION = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

test("a page with a slash at its end redirects to the one without, where its links are right", async (t) => {
  const server = await testServer(t, { "a #1": SMALL }, { prefix: "/videos" });
  for (const page of ["video", "embed"]) {
    const response = await fetch(`${server.url}player/${page}/a%20%231/?t=1?`, { redirect: "manual" });
    assert.equal(response.status, 308);
    assert.equal(response.headers.get("location"), "../a%20%231?t=1?");
    const target = new URL(response.headers.get("location")!, response.url);
    assert.equal(target.pathname, `/videos/player/${page}/a%20%231`);
    assert.equal((await fetch(target)).status, 200);
  }
});

test("every page has a policy, says who may frame it, and forbids sniffing", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const [path, status, ancestors] of [
    ["", 200, "'self'"],
    ["player/video/video", 200, "'self'"],
    ["player/video/nope", 404, "'self'"],
    ["player/embed/video", 200, "*"],
    ["player/embed/nope", 404, "*"],
    ["nope/info.json", 404, "'self'"],
    ["video/full/9,9/seg-0.m4s", 400, "'self'"],
    ["%ff", 400, "'self'"],
  ] as const) {
    const page = await server.get(path, { headers: NAVIGATION });
    assert.equal(page.status, status, path);
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8", path);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'none'; /, path);
    assert.ok(policy.endsWith(`; frame-ancestors ${ancestors}`), `${path}: ${policy}`);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff", path);
  }
});

test("an unknown video is a page in an iframe, and JSON for programs", async (t) => {
  const server = await testServer(t, {});
  const path = `player/embed/${encodeURIComponent("<script>alert(1)")}`;
  const page = await server.get(path, { headers: NAVIGATION });
  assert.match(page.text, /<h1>Video not found<\/h1>/);
  assert.match(page.text, /&lt;script&gt;/);
  assert.doesNotMatch(page.text, /<script/);
  assert.equal(page.headers.get("cache-control"), "no-store");
  for (const accept of ["*/*", "application/json", undefined]) {
    const json = await server.get(path, { headers: accept === undefined ? {} : { accept } });
    assert.deepEqual([json.status, json.code], [404, "unknown-asset"], accept);
  }
});

test("the templates of pages are not served by themselves", async (t) => {
  const server = await testServer(t, {});
  for (const name of ["index.html", "video.html"]) {
    const { status, code } = await server.get(`player/${name}`);
    assert.deepEqual([status, code], [404, "not-found"], name);
  }
});

for (const order of ["before", "after"] as const) {
  test(`the headers of @fastify/helmet, registered ${order} the plugin, do not restrict what it serves`, async (t) => {
    const { root } = await testServer(t, { video: SMALL });
    const app = fastify({ pluginTimeout: 0 });
    t.after(() => app.close());
    if (order === "before") await app.register(helmet);
    await app.register(siedd, { root, prefix: "/videos" });
    if (order === "after") await app.register(helmet);
    const headersOf = async (url: string, headers: Record<string, string> = {}) =>
      (await app.inject({ url, headers })).headers;
    const page = await headersOf("/videos/player/embed/video", NAVIGATION);
    assert.match(String(page["content-security-policy"]), /frame-ancestors \*$/);
    assert.equal(page["x-frame-options"], undefined);
    assert.equal(
      (await headersOf("/videos/video/info.json"))["cross-origin-resource-policy"],
      "cross-origin",
    );
    const worker = await headersOf("/videos/player/siedd-decoder.js");
    assert.match(String(worker["content-security-policy"]), /script-src 'wasm-unsafe-eval'/);
  });
}

test("absolute links have the protocol and host of the request only if both are valid", async (t) => {
  const server = await testServer(t, { video: SMALL }, { trustProxy: true });
  const embed = (headers: Record<string, string>) => server.get("player/embed/video", { headers });
  const good = await embed({ "x-forwarded-host": "videos.example:8443", "x-forwarded-proto": "https" });
  assert.match(good.text, /href="https:\/\/videos\.example:8443\/player\/oembed\?url=https%3A/);
  assert.match(good.headers.get("vary") ?? "", /x-forwarded-host, x-forwarded-proto/);
  const invalid: readonly Record<string, string>[] = [
    { "x-forwarded-proto": "javascript" },
    { "x-forwarded-proto": "https://evil.example/?" },
    { "x-forwarded-host": "user@evil.example" },
    { "x-forwarded-host": "evil.example/path?" },
    { "x-forwarded-host": 'a"><script>' },
    { "x-forwarded-host": "a b" },
    { "x-forwarded-host": "host:port" },
    { "x-forwarded-host": "[::1" },
  ];
  for (const headers of invalid) {
    const bad = await embed(headers);
    assert.deepEqual([bad.status, bad.code], [400, "bad-host"], JSON.stringify(headers));
  }
  assert.equal((await embed({ "x-forwarded-host": "[2001:db8::1]:80" })).status, 200);
});

test("with publicUrl, absolute links do not depend on the request", async (t) => {
  const options = { publicUrl: "https://videos.example/films", trustProxy: true };
  const server = await testServer(t, { video: SMALL }, options);
  const headers = { "x-forwarded-host": "evil.example", "x-forwarded-proto": "javascript" };
  const page = await server.get("player/embed/video", { headers });
  const link = /oembed\+json|json\+oembed" title="video" href="([^"]+)"/.exec(page.text)?.[1];
  const embedUrl = "https://videos.example/films/player/embed/video";
  assert.equal(link, `https://videos.example/films/player/oembed?url=${encodeURIComponent(embedUrl)}`);
  assert.doesNotMatch(page.headers.get("vary") ?? "", /forwarded/);
  const oembed = await server.get(`player/oembed?url=${encodeURIComponent(embedUrl)}`, { headers });
  const { html, thumbnail_url, provider_url } = JSON.parse(oembed.text);
  assert.ok(html.includes(`src="${embedUrl}"`), html);
  assert.ok(thumbnail_url.startsWith("https://videos.example/films/video/"), thumbnail_url);
  assert.equal(provider_url, "https://videos.example/films/");
  const other = await server.get(
    `player/oembed?url=${encodeURIComponent("https://evil.example/films/video")}`,
  );
  assert.equal(other.status, 404);
});

test("publicUrl must be an http or https URL", async (t) => {
  for (const publicUrl of [
    "videos.example",
    "ftp://host/",
    "https://u:p@host/",
    "https://host/?a=1",
    "https://host/#x",
  ]) {
    await assert.rejects(
      testServer(t, {}, { publicUrl }),
      /siedd options\.publicUrl must be an http or https URL/,
    );
  }
});

test("a connection that never completes its request is closed within 20 seconds", async (t) => {
  const server = await testServer(t, {});
  const { requestTimeout, headersTimeout } = server.app.server;
  const { connectionsCheckingInterval } = server.app.server as { connectionsCheckingInterval?: number };
  // Node checks for slow requests at this interval, by default every 30 s.
  assert.ok(requestTimeout + connectionsCheckingInterval! <= 20_000);
  assert.ok(headersTimeout > 0 && headersTimeout + connectionsCheckingInterval! <= 20_000);
  // The same rule in seconds instead of minutes: the check that the interval schedules closes the connection.
  server.app.server.requestTimeout = 500;
  server.app.server.headersTimeout = 500;
  const started = performance.now();
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: here\r\n");
  assert.match(await text(socket), /^HTTP\/1\.1 408 [\s\S]*"code":"request-timeout"/);
  assert.ok(performance.now() - started < 5000);
});
