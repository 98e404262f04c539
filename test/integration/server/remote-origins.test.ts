import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import fastify from "fastify";
import siedd, { ServeError, type ServeOptions, serve } from "../../../server/index.js";
import { originServer } from "../../support/origin-server.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";
import { until } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10], tone: 0.8 };
/** About 1.5 MB, so that it takes several blocks. */
const LARGE = { width: 640, height: 360, groups: Array.from({ length: 30 }, () => 2), tileWidth: 16 };

const made = new Map<string, Uint8Array>();
function asset(o: Parameters<typeof syntheticAsset>[0], etag: string) {
  const key = JSON.stringify(o);
  const bytes = made.get(key) ?? syntheticAsset(o);
  made.set(key, bytes);
  return { bytes, etag };
}
/** Looks at the origin at each request, so that a test need not wait for it to do so. */
const AT_ONCE: Partial<ServeOptions> = { originRefreshSeconds: 0, originSeconds: 60 };

/** Answers that wait until they are let go, at the latest when the test ends. */
function gate(t: Pick<TestContext, "after">): { hold: Promise<void>; letGo: () => void } {
  let letGo = () => {};
  const hold = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  t.after(letGo);
  return { hold, letGo };
}

describe("videos on another server", { concurrency: false }, () => {
  test("are the same segments, sound, pictures and bytes as from a folder", async (t) => {
    const origin = await originServer(t);
    const here = await testServer(t, { video: SMALL });
    origin.files.set("videos/video.siedd", asset(SMALL, '"one"'));
    const there = await testServer(t, {}, { root: `${origin.url}videos/video.siedd?signature=secret` });
    for (const path of [
      ...["full/80,46/seg-0.m4s", "full/80,46/seg-1.m4s", "full/80,46/init.mp4", "full/33,21/frame-210.png"],
      ...["audio-0/init.mp4", "audio-0/seg-0.m4s", "asset"],
    ]) {
      const [a, b] = await Promise.all([here.get(`video/${path}`), there.get(`video/${path}`)]);
      assert.deepEqual([b.status, b.headers.get("content-type")], [200, a.headers.get("content-type")], path);
      assert.ok(a.body.length > 0 && a.body.equals(b.body), path);
    }
    const part = await there.get("video/asset", { headers: { range: "bytes=100-199" } });
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(origin.files.get("videos/video.siedd")!.bytes.subarray(100, 200)));
    assert.ok(origin.requests.every(({ range }) => range !== undefined));
  });

  test("are read in blocks, of which each crosses the network once", async (t) => {
    const origin = await originServer(t);
    const video = asset(LARGE, '"large"');
    origin.files.set("video.siedd", video);
    const server = await testServer(t, {}, { root: `${origin.url}video.siedd` });
    await server.get("video/info.json");
    const before = origin.sent;
    assert.ok(before <= 512 * 1024, `opening took ${before} bytes of ${video.bytes.length}`);
    const sizes = [80, 82, 84, 86, 88, 90];
    const answers = await Promise.all(sizes.map((width) => server.get(`video/full/${width},46/seg-15.m4s`)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      sizes.map(() => 200),
    );
    const took = origin.sent - before;
    assert.ok(took > 0 && took <= 1024 * 1024, `six sizes of one segment took ${took} bytes`);
    assert.ok((await server.get("video/asset")).body.equals(video.bytes));
    assert.ok(
      origin.sent <= video.bytes.length + 512 * 1024,
      `${origin.sent} of ${video.bytes.length} bytes`,
    );
    const { text } = await server.get("metrics");
    assert.match(text, /^siedd_origin_bytes_total [1-9]/m);
    assert.match(text, /^siedd_blocks_total\{from="memory"\} [1-9]/m);
  });

  test("are listed by names, by ids and addresses, by another siedd server, and beside a folder", async (t) => {
    const origin = await originServer(t);
    const upstream = await testServer(t, { "from afar": SMALL });
    for (const name of ["a b.siedd", "c.siedd", "d/deep.siedd"])
      origin.files.set(name, asset(SMALL, `"${name}"`));
    const list = (value: unknown) => ({
      bytes: Buffer.from(JSON.stringify(value)),
      etag: '"list"',
      type: "application/json",
    });
    origin.files.set(
      "list.json",
      list([
        "c.siedd",
        { name: "a b.siedd", type: "file" },
        { id: "deep one", url: "d/deep.siedd" },
        "notes.txt",
      ]),
    );
    const folder = await tempFolder(t);
    await writeFile(join(folder, "local.siedd"), syntheticAsset(SMALL));
    await writeFile(join(folder, "c.siedd"), syntheticAsset({ ...SMALL, seed: 4 }));
    const root = [folder, `${origin.url}list.json`, { url: upstream.url }];
    const server = await testServer(t, {}, { root, ...AT_ONCE });
    const { assets, problems } = JSON.parse((await server.get("")).text);
    const ids = assets.map(({ id }: { id: string }) => id);
    assert.deepEqual(ids, ["a b", "c", "deep one", "from afar", "local"]);
    assert.deepEqual(problems, [{ file: "c.siedd", message: "another one has this name" }]);
    for (const id of ids) {
      assert.equal((await server.get(`${encodeURIComponent(id)}/full/80,46/seg-0.m4s`)).status, 200, id);
    }
    // What is added to the list later is there without a restart.
    origin.files.set("new.siedd", asset(SMALL, '"new"'));
    origin.files.set("list.json", { ...list(["new.siedd"]), etag: '"list 2"' });
    assert.equal((await server.get("new/info.json")).status, 200);
    assert.equal((await server.get("deep%20one/info.json")).code, "unknown-asset");
  });

  test("that are replaced get new URLs, and nothing is mixed", async (t) => {
    const origin = await originServer(t);
    origin.files.set("video.siedd", asset(LARGE, '"one"'));
    const options = { root: `${origin.url}video.siedd`, originRefreshSeconds: 3600 };
    const server = await testServer(t, {}, options);
    const old = JSON.parse((await server.get("video/info.json")).text).v;
    origin.files.set("video.siedd", asset({ ...LARGE, seed: 99 }, '"two"'));
    // Nobody has looked at it again: it is the block that is not what it was.
    const noticed = await server.get(`video/full/80,46/seg-25.m4s?v=${old}`);
    assert.deepEqual([noticed.status, noticed.code], [503, "asset-replaced"]);
    const stale = await server.get(`video/full/80,46/seg-25.m4s?v=${old}`);
    assert.deepEqual([stale.status, stale.code], [404, "stale-version"]);
    assert.equal((await server.get("video/full/80,46/seg-25.m4s")).status, 200);
  });

  test("that fail midway are asked for once more, and else are 502 without an address", async (t) => {
    const origin = await originServer(t);
    origin.files.set("video.siedd", asset(LARGE, '"one"'));
    const server = await testServer(t, {}, { root: `${origin.url}video.siedd`, ...AT_ONCE });
    await server.get("video/info.json");
    origin.mood = { cut: { after: 1000, times: 1 } };
    assert.equal((await server.get("video/full/80,46/seg-12.m4s")).status, 200);
    origin.mood = { cut: { after: 1000, times: 2 } };
    const failed = await server.get("video/full/80,46/seg-25.m4s");
    assert.deepEqual([failed.status, failed.code], [502, "origin-failed"]);
    assert.ok(Number(failed.headers.get("retry-after")) > 0);
    assert.doesNotMatch(failed.text, /127\.0\.0\.1|http/);
    assert.equal((await server.get("video/full/80,46/seg-25.m4s")).status, 200);
    origin.mood = { status: 500 };
    assert.equal((await server.get("video/full/80,46/seg-28.m4s")).code, "origin-failed");
    // What is known already is served while the origin is away.
    assert.equal((await server.get("video/full/80,46/seg-25.m4s")).status, 200);
    origin.mood = { status: 403 };
    assert.match((await server.get("video/full/80,46/seg-28.m4s")).text, /refuses it \(status 403\)/);
  });

  test("that do not answer are 504 in time, and hold up neither others nor the start of an application", async (t) => {
    const origin = await originServer(t);
    origin.files.set("video.siedd", asset(LARGE, '"one"'));
    const here = await testServer(t, { here: SMALL });
    const root = [here.root, `${origin.url}video.siedd`, `${origin.url}list.json`];
    Object.assign(origin.mood, gate(t));
    const hasty = await testServer(t, {}, { root: root.slice(0, 2), originSeconds: 0.3 });
    const { status, code } = await hasty.get("video/full/80,46/seg-25.m4s");
    assert.deepEqual([status, code], [504, "origin-timeout"]);

    // It would wait for an hour.
    const app = fastify({ pluginTimeout: 600_000 });
    t.after(() => app.close());
    await app.register(siedd, { root, originSeconds: 3600 });
    await app.listen({ port: 0 });
    const get = (path: string) => app.inject({ url: path });
    let slow = true;
    const waiting = get("/video/info.json").finally(() => {
      slow = false;
    });
    assert.equal((await get("/here/full/80,46/seg-0.m4s")).statusCode, 200);
    assert.deepEqual((await get("/readyz")).json(), { status: "starting" });
    assert.equal(slow, true);
    await app.close();
    await waiting;
  });

  test("that are not there, are no assets or know no ranges are told apart", async (t) => {
    const origin = await originServer(t);
    const root = [`${origin.url}gone.siedd`, `${origin.url}text.siedd`, `${origin.url}list.json`];
    origin.files.set("text.siedd", { bytes: Buffer.alloc(3000, "text "), etag: '"text"' });
    const server = await testServer(t, {}, { root, ...AT_ONCE });
    const { problems } = JSON.parse((await server.get("")).text);
    assert.match(problems[0].message, /the list of videos comes from has no list of them \(status 404\)/);
    const text = problems.find(({ file }: { file: string }) => file === "text.siedd");
    assert.match(text.message, /text\.siedd: this is not a siedd asset/);
    assert.equal((await server.get("gone/info.json")).code, "origin-failed", "the list might have it");
    const ready = await server.get("readyz");
    assert.deepEqual([ready.status, JSON.parse(ready.text).status], [503, "starting"]);
    origin.files.set("list.json", { bytes: Buffer.from("[]"), etag: '"list"' });
    assert.equal((await server.get("gone/info.json")).code, "unknown-asset");
    assert.equal((await server.get("readyz")).status, 200);
    origin.files.set("gone.siedd", asset(SMALL, 'W/"weak"'));
    origin.mood = { noRanges: true };
    assert.match((await server.get("gone/info.json")).text, /must support HTTP Range requests/);
  });

  test("are asked for with headers that a function gives, and only at their own server", async (t) => {
    const origin = await originServer(t);
    const other = await originServer(t);
    origin.files.set("video.siedd", asset(SMALL, '"one"'));
    other.files.set("else.siedd", asset(SMALL, '"two"'));
    const list = JSON.stringify(["video.siedd", `${other.url}else.siedd`]);
    origin.files.set("list.json", { bytes: Buffer.from(list), etag: '"list"' });
    const headers = (url: URL) => ({ authorization: `signed ${url.pathname}` });
    const server = await testServer(t, {}, { root: { url: `${origin.url}list.json`, headers } });
    for (const id of ["video", "else"]) assert.equal((await server.get(`${id}/info.json`)).status, 200);
    assert.ok(origin.requests.every(({ path, headers }) => headers.authorization === `signed /${path}`));
    assert.ok(other.requests.length > 0 && other.requests.every(({ headers }) => !headers.authorization));
  });

  test("whose reader leaves are not read to their end", async (t) => {
    const origin = await originServer(t);
    const video = asset(LARGE, '"one"');
    origin.files.set("video.siedd", video);
    const server = await testServer(t, {}, { root: `${origin.url}video.siedd` });
    await server.get("video/info.json");
    const { hold, letGo } = gate(t);
    origin.mood = { hold };
    const [before, sent] = [origin.requests.length, origin.sent];
    const leaving = get(`${server.url}video/asset`);
    const [response] = (await once(leaving, "response")) as [IncomingMessage];
    await once(response, "data");
    // The first block is known already, the second one on its way.
    await until(() => origin.requests.length > before, "the origin is asked for more");
    response.destroy();
    const left = /^siedd_aborted_requests_total\{route="\/:id\/asset"\} 1$/m;
    await until(async () => left.test((await server.get("metrics")).text), "the reader has left");
    letGo();
    await until(() => origin.sent > sent, "the origin answers");
    await server.get("video/info.json");
    assert.equal(origin.requests.length, before + 1);
  });

  test("are refused as options where they can be none", async () => {
    for (const [root, says] of [
      [[], /options\.root must be a folder's path/],
      [{ url: "ftp://host/video.siedd" }, /options\.root must be a folder's path/],
      ["http://user:word@host/video.siedd", /must not hold a password/],
    ] as const) {
      await assert.rejects(
        serve({ root: root as ServeOptions["root"], port: 0 }),
        (error) => error instanceof ServeError && error.code === "bad-option" && says.test(error.message),
      );
    }
    await assert.rejects(serve({ root: "/", port: 0, originSeconds: 0 }), /originSeconds must be a number/);
    await assert.rejects(
      serve({ root: "/", port: 0, engine: "gpu" as "onnx" }),
      /options\.engine must be auto, kernel, onnx/,
    );
  });
});
