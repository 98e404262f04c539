import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { KernelDecoder, memorySource, openAsset } from "../../../codec/internal.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const SMALL = { width: 161, height: 91, groups: [10, 10], frameRate: { num: 30000, den: 1001 } };

const metadataOf = async (file: Buffer) => {
  const { format, compression, width, height, channels } = await sharp(file).metadata();
  return { format: compression === "av1" ? "avif" : format, width, height, channels };
};

test("frames are served as images of exactly the requested size, odd or even, in four formats", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const [format, name, type] of [
    ["jpg", "jpeg", "image/jpeg"],
    ["png", "png", "image/png"],
    ["webp", "webp", "image/webp"],
    ["avif", "avif", "image/avif"],
  ] as const) {
    const response = await server.get(`video/full/101,57/frame-200.${format}`);
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, type]);
    assert.deepEqual(await metadataOf(response.body), { format: name, width: 101, height: 57, channels: 3 });
    assert.equal(
      response.headers.get("link"),
      `</video/full/101,57/frame-200.${format}>; rel="canonical"`,
      format,
    );
  }
  const { index, width, height, frames } = server.work[0];
  assert.deepEqual([index, width, height, frames], [200, 101, 57, 1]);
});

test("an image has the pixels that the decoder returns for its time and region", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const asset = await openAsset(memorySource(syntheticAsset(SMALL)));
  assert.ok(asset.profile === "tile");
  const decoder = await KernelDecoder.create(asset);
  const group = decoder.loadGroup(1, await asset.readGroup(1));
  const region = { x: 40, y: 10, width: 60, height: 50 };
  const viewport = { region, width: 75, height: 63 };
  const decoded = new Uint8Array(viewport.width * viewport.height * 4);
  decoder.decodeRgba(group, (0.45 * 30000) / 1001 - 10, viewport, decoded);
  const { status, body } = await server.get("video/40,10,60,50/%5E75,63/frame-450.png");
  assert.equal(status, 200);
  const served = await sharp(body).ensureAlpha().raw().toBuffer();
  assert.ok(served.equals(decoded));
});

test("equal images have one canonical URL, are computed once, and are immutable with their version", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const paths = [
    "full/max/frame-33.jpg",
    "pct:0,0,100,100/161,91/frame-0033.jpg",
    "full/%5E161,/frame-33.jpg",
  ];
  const responses = await Promise.all([...paths, ...paths].map((path) => server.get(`video/${path}`)));
  for (const { status, body, headers } of responses) {
    assert.equal(status, 200);
    assert.ok(body.equals(responses[0].body));
    assert.equal(headers.get("link"), '</video/full/161,91/frame-33.jpg>; rel="canonical"');
    assert.equal(headers.get("etag"), responses[0].headers.get("etag"));
    assert.equal(headers.get("content-length"), `${body.byteLength}`);
    assert.equal(headers.get("cache-control"), "no-cache");
  }
  assert.equal(server.work.length, 1);
  const { v } = JSON.parse((await server.get("video/info.json")).text);
  const versioned = await server.get(`video/full/161,91/frame-33.jpg?v=${v}`);
  assert.equal(versioned.headers.get("cache-control"), "public, max-age=31536000, immutable");
  const stale = await server.get("video/full/161,91/frame-33.jpg?v=old");
  assert.deepEqual([stale.status, stale.code], [404, "stale-version"]);
  assert.equal(server.work.length, 1);
});

test("HEAD, 304 and invalid requests for images decode nothing", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const path = "video/full/80,45/frame-0.webp";
  const head = await server.get(path, { method: "HEAD" });
  assert.deepEqual([head.status, head.body.byteLength], [200, 0]);
  const etag = head.headers.get("etag") ?? "";
  assert.match(etag, /^"/);
  assert.equal((await server.get(path, { headers: { "if-none-match": etag } })).status, 304);
  for (const [invalid, status, code, message] of [
    // 20 frames of 1001/30000 s end at 667.3 ms.
    ["full/80,45/frame-668.jpg", 404, "no-such-frame", /from 0 to 667 ms/],
    ["full/80,45/frame-9999999999.jpg", 404, "no-such-frame", /9999999999/],
    ["full/80,45/frame-0.gif", 400, "bad-format", /\.jpg, \.png, \.webp, \.avif/],
    ["full/80,45/frame-0", 400, "bad-format", /\.jpg, \.png/],
    ["full/80,45/frame-0.jpg.png", 400, "bad-format", /\.jpg, \.png/],
    ["full/80,45/frame--1.jpg", 400, "bad-time", /integer milliseconds/],
    ["full/80,45/frame-1.5.jpg", 400, "bad-format", /\.jpg/],
    ["full/80,45/frame-x.jpg", 400, "bad-time", /integer milliseconds/],
    ["full/elastic/frame-0.jpg", 400, "bad-size", /pct/],
    ["full/162,91/frame-0.jpg", 400, "upscale-needs-caret", /161x91/],
    ["full/15,15/frame-0.jpg", 400, "size-too-small", /16/],
    ["full/%5E9000,16/frame-0.jpg", 400, "size-too-large", /8192/],
    ["0,0,0,0/80,45/frame-0.jpg", 400, "bad-region", /empty/],
  ] as const) {
    const response = await server.get(`video/${invalid}`);
    assert.deepEqual([response.status, response.code], [status, code], invalid);
    assert.match(JSON.parse(response.text).error.message, message);
    assert.equal(response.headers.get("link"), null);
  }
  assert.deepEqual(server.work, []);
  assert.equal((await server.get("video/full/80,45/frame-667.jpg")).status, 200);
});

test("the catalog and info.json link a poster of at most 480 pixels per side", async (t) => {
  const server = await testServer(t, {
    "wide 100%": { ...SMALL, width: 640, height: 90 },
    tall: { ...SMALL, width: 32, height: 1000 },
    small: SMALL,
  });
  const { assets } = JSON.parse((await server.get("")).text);
  const sizes: Record<string, unknown> = {};
  for (const { id, info, poster } of assets) {
    const response = await server.get(poster);
    assert.equal(response.status, 200, poster);
    assert.equal(response.headers.get("cache-control"), "public, max-age=31536000, immutable");
    const { width, height } = await metadataOf(response.body);
    sizes[id] = [width, height];
    const { links } = JSON.parse((await server.get(info)).text);
    const folder = new URL(info, server.url);
    assert.equal(new URL(links.poster, folder).href, new URL(poster, server.url).href);
    const path = response.headers.get("link")?.slice(1, -'>; rel="canonical"'.length);
    assert.equal(path, new URL(poster, server.url).pathname);
  }
  assert.deepEqual(sizes, { small: [161, 91], tall: [16, 480], "wide 100%": [480, 68] });
});
