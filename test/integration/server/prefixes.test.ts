import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import siedd from "../../../server/index.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

test("two instances work in one application under their prefixes, and do not affect its other routes", async (t) => {
  const [one, two] = [await tempFolder(t), await tempFolder(t)];
  await writeFile(join(one, "a.siedd"), syntheticAsset(SMALL));
  await writeFile(join(two, "b.siedd"), syntheticAsset(SMALL));
  const app = fastify({ pluginTimeout: 0 });
  t.after(() => app.close());
  app.get("/hello", () => "world");
  await app.register(siedd, { root: one, prefix: "/one" });
  await app.register(siedd, { root: two, prefix: "/two", workers: 1 });
  const get = (url: string) => app.inject({ url });
  assert.equal((await get("/one/a/info.json")).statusCode, 200);
  assert.equal((await get("/two/b/info.json")).statusCode, 200);
  assert.equal((await get("/two/a/info.json")).statusCode, 404);
  assert.equal((await get("/one/b/info.json")).json().error.code, "unknown-asset");
  assert.equal((await get("/two/b/asset")).statusCode, 200);
  assert.equal((await get("/hello")).body, "world");
  assert.equal((await get("/hello")).headers["access-control-allow-origin"], undefined);
  assert.equal((await get("/nothing")).json().error, "Not Found");
  assert.equal((await get("/one")).statusCode, 308);
  assert.match(
    `${(await get("/one/a/full/80,/seg-0.m4s")).headers.link}`,
    /<\/one\/a\/full\/80,46\/seg-0\.m4s>; rel="canonical"/,
  );
});

test("an application can serve its own files with @fastify/static too", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "a.siedd"), syntheticAsset(SMALL));
  const app = fastify({ pluginTimeout: 0 });
  t.after(() => app.close());
  await app.register(fastifyStatic, { root, prefix: "/files/" });
  await app.register(siedd, { root, prefix: "/videos" });
  const headers = { range: "bytes=0-3" };
  for (const url of ["/videos/a/asset", "/files/a.siedd"]) {
    const { statusCode, rawPayload } = await app.inject({ url, headers });
    assert.deepEqual([statusCode, rawPayload.byteLength], [206, 4], url);
  }
});

test("with a prefix and behind a trusted proxy, URLs have the host and path that the viewer sees", async (t) => {
  const { root } = await testServer(t, { video: SMALL });
  const forwarded = { "x-forwarded-host": "videos.example", "x-forwarded-proto": "https" };
  const url = encodeURIComponent("https://videos.example/a/b/video");
  for (const prefix of ["a/b", "/a/b/"]) {
    const server = await testServer(t, {}, { root, prefix, trustProxy: true });
    assert.equal(server.url, `http://127.0.0.1:${server.port}/a/b/`);
    const { text: oembed } = await server.get(`player/oembed?url=${url}`, { headers: forwarded });
    const { provider_url, thumbnail_url } = JSON.parse(oembed);
    assert.equal(provider_url, "https://videos.example/a/b/");
    assert.match(thumbnail_url, /^https:\/\/videos\.example\/a\/b\/video\/full\//);
    const { headers } = await server.get("video/full/80,/seg-0.m4s", { method: "HEAD" });
    assert.equal(headers.get("link"), '</a/b/video/full/80,46/seg-0.m4s>; rel="canonical"');
    for (const path of ["/", "/video/info.json", "/a/bvideo/info.json"])
      assert.equal((await server.get(path)).code, "not-found", path);
    const bare = await server.get("/a/b?x=1", { redirect: "manual" });
    assert.deepEqual([bare.status, bare.headers.get("location")], [308, "/a/b/?x=1"]);
  }
  const untrusting = await testServer(t, {}, { root });
  assert.equal((await untrusting.get(`player/oembed?url=${url}`, { headers: forwarded })).code, "not-found");
});
