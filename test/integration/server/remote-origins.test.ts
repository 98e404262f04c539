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
import { waitUntil } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10], tone: 0.8 };
/** About 1.5 MB, which is several blocks. */
const LARGE = {
  width: 640,
  height: 360,
  groups: Array.from({ length: 30 }, () => 2),
  frameRate: { num: 2, den: 1 },
  tileWidth: 16,
};

const assets = new Map<string, Uint8Array>();

/** Returns a file of the origin; equal options share the bytes. */
function asset(options: Parameters<typeof syntheticAsset>[0], etag: string) {
  const key = JSON.stringify(options);
  const bytes = assets.get(key) ?? syntheticAsset(options);
  assets.set(key, bytes);
  return { bytes, etag };
}

/** Revalidates with each request, so that tests need not wait. */
const ALWAYS_REVALIDATE: Partial<ServeOptions> = { originRefreshSeconds: 0, originSeconds: 60 };

/** Delays responses until `release` is called, at the latest when the test ends. */
function gate(t: Pick<TestContext, "after">): { delay: Promise<void>; release: () => void } {
  let release = () => {};
  const delay = new Promise<void>((resolve) => {
    release = resolve;
  });
  t.after(release);
  return { delay, release };
}

describe("videos on another server", { concurrency: false }, () => {
  test("are served as the same segments, audio, images and bytes as from a folder", async (t) => {
    const origin = await originServer(t);
    const local = await testServer(t, { video: SMALL });
    origin.files.set("videos/video.siedd", asset(SMALL, '"one"'));
    const remote = await testServer(t, {}, { root: `${origin.url}videos/video.siedd?signature=secret` });
    for (const path of [
      ...["full/80,46/seg-0.m4s", "full/80,46/seg-1.m4s", "full/80,46/init.mp4", "full/33,21/frame-210.png"],
      ...["audio-0/init.mp4", "audio-0/seg-0.m4s", "asset"],
    ]) {
      const [expected, actual] = await Promise.all([local.get(`video/${path}`), remote.get(`video/${path}`)]);
      assert.equal(actual.status, 200, path);
      assert.equal(actual.headers.get("content-type"), expected.headers.get("content-type"), path);
      assert.ok(expected.body.length > 0 && expected.body.equals(actual.body), path);
    }
    const part = await remote.get("video/asset", { headers: { range: "bytes=100-199" } });
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(origin.files.get("videos/video.siedd")!.bytes.subarray(100, 200)));
    assert.ok(origin.requests.every(({ range }) => range !== undefined));
  });

  test("are read in blocks, and each block is fetched once", async (t) => {
    const origin = await originServer(t);
    const video = asset(LARGE, '"large"');
    origin.files.set("video.siedd", video);
    const server = await testServer(t, {}, { root: `${origin.url}video.siedd` });
    await server.get("video/info.json");
    const before = origin.sent;
    assert.ok(before <= 512 * 1024, `opening fetched ${before} bytes of ${video.bytes.length}`);
    const sizes = [80, 82, 84, 86, 88, 90];
    const responses = await Promise.all(
      sizes.map((width) => server.get(`video/full/${width},46/seg-15.m4s`)),
    );
    assert.deepEqual(
      responses.map(({ status }) => status),
      sizes.map(() => 200),
    );
    const fetchedBytes = origin.sent - before;
    assert.ok(
      fetchedBytes > 0 && fetchedBytes <= 1024 * 1024,
      `six sizes of one segment fetched ${fetchedBytes} bytes`,
    );
    assert.ok((await server.get("video/asset")).body.equals(video.bytes));
    assert.ok(
      origin.sent <= video.bytes.length + 512 * 1024,
      `${origin.sent} of ${video.bytes.length} bytes`,
    );
    const { text } = await server.get("metrics");
    assert.match(text, /^siedd_origin_bytes_total [1-9]/m);
    assert.match(text, /^siedd_blocks_total\{from="memory"\} [1-9]/m);
  });

  test("are listed by file names, by ids and URLs, by another siedd server, and together with a folder", async (t) => {
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
    const server = await testServer(t, {}, { root, ...ALWAYS_REVALIDATE });
    const { assets, problems } = JSON.parse((await server.get("")).text);
    const ids = assets.map(({ id }: { id: string }) => id);
    assert.deepEqual(ids, ["a b", "c", "deep one", "from afar", "local"]);
    assert.deepEqual(problems, [{ file: "c.siedd", message: "duplicate name; rename the file" }]);
    for (const id of ids) {
      assert.equal((await server.get(`${encodeURIComponent(id)}/full/80,46/seg-0.m4s`)).status, 200, id);
    }
    // Changes of the listing take effect without a restart.
    origin.files.set("new.siedd", asset(SMALL, '"new"'));
    origin.files.set("list.json", { ...list(["new.siedd"]), etag: '"list 2"' });
    assert.equal((await server.get("new/info.json")).status, 200);
    assert.equal((await server.get("deep%20one/info.json")).code, "unknown-asset");
  });

  test("get new URLs when replaced, and versions are never mixed", async (t) => {
    const origin = await originServer(t);
    origin.files.set("video.siedd", asset(LARGE, '"one"'));
    const options = { root: `${origin.url}video.siedd`, originRefreshSeconds: 3600 };
    const server = await testServer(t, {}, options);
    const old = JSON.parse((await server.get("video/info.json")).text).v;
    origin.files.set("video.siedd", asset({ ...LARGE, groups: LARGE.groups.slice(1), seed: 99 }, '"two"'));
    // Without revalidation, the changed ETag of a block reveals the replacement.
    const replaced = await server.get(`video/full/80,46/seg-25.m4s?v=${old}`);
    assert.deepEqual([replaced.status, replaced.code], [503, "asset-replaced"]);
    const stale = await server.get(`video/full/80,46/seg-25.m4s?v=${old}`);
    assert.deepEqual([stale.status, stale.code], [404, "stale-version"]);
    assert.equal((await server.get("video/full/80,46/seg-25.m4s")).status, 200);
  });

  test("are retried once when a response fails midway; a second failure is 502, and reveals no URL", async (t) => {
    const origin = await originServer(t);
    origin.files.set("video.siedd", asset(LARGE, '"one"'));
    const server = await testServer(t, {}, { root: `${origin.url}video.siedd`, ...ALWAYS_REVALIDATE });
    await server.get("video/info.json");
    origin.faults = { truncate: { after: 1000, times: 1 } };
    assert.equal((await server.get("video/full/80,46/seg-12.m4s")).status, 200);
    origin.faults = { truncate: { after: 1000, times: 2 } };
    const failed = await server.get("video/full/80,46/seg-25.m4s");
    assert.deepEqual([failed.status, failed.code], [502, "origin-failed"]);
    assert.ok(Number(failed.headers.get("retry-after")) > 0);
    assert.doesNotMatch(failed.text, /127\.0\.0\.1|http/);
    assert.equal((await server.get("video/full/80,46/seg-25.m4s")).status, 200);
    origin.faults = { status: 500 };
    assert.equal((await server.get("video/full/80,46/seg-28.m4s")).code, "origin-failed");
    // Cached content is served while the origin is down.
    assert.equal((await server.get("video/full/80,46/seg-25.m4s")).status, 200);
    origin.faults = { status: 403 };
    assert.match((await server.get("video/full/80,46/seg-28.m4s")).text, /denied access \(status 403\)/);
  });

  test("get 504 after a timeout, and delay neither other videos nor the startup of an application", async (t) => {
    const origin = await originServer(t);
    origin.files.set("video.siedd", asset(LARGE, '"one"'));
    const local = await testServer(t, { local: SMALL });
    const root = [local.root, `${origin.url}video.siedd`, `${origin.url}list.json`];
    Object.assign(origin.faults, gate(t));
    const shortTimeout = await testServer(t, {}, { root: root.slice(0, 2), originSeconds: 0.3 });
    const { status, code } = await shortTimeout.get("video/full/80,46/seg-25.m4s");
    assert.deepEqual([status, code], [504, "origin-timeout"]);

    // The origin would time out after an hour.
    const app = fastify({ pluginTimeout: 600_000 });
    t.after(() => app.close());
    await app.register(siedd, { root, originSeconds: 3600 });
    await app.listen({ port: 0 });
    const get = (path: string) => app.inject({ url: path });
    let isPending = true;
    const pending = get("/video/info.json").finally(() => {
      isPending = false;
    });
    assert.equal((await get("/local/full/80,46/seg-0.m4s")).statusCode, 200);
    assert.deepEqual((await get("/readyz")).json(), { status: "starting" });
    assert.equal(isPending, true);
    await app.close();
    await pending;
  });

  test("report a missing URL, a file that is no asset, and a server without Range support", async (t) => {
    const origin = await originServer(t);
    const root = [`${origin.url}gone.siedd`, `${origin.url}text.siedd`, `${origin.url}list.json`];
    origin.files.set("text.siedd", { bytes: Buffer.alloc(3000, "text "), etag: '"text"' });
    const server = await testServer(t, {}, { root, ...ALWAYS_REVALIDATE });
    const { problems } = JSON.parse((await server.get("")).text);
    assert.match(problems[0].message, /the origin of the video listing returned status 404/);
    const text = problems.find(({ file }: { file: string }) => file === "text.siedd");
    assert.match(text.message, /text\.siedd: .*not a siedd asset/);
    assert.equal((await server.get("gone/info.json")).code, "origin-failed", "the listing might contain it");
    const ready = await server.get("readyz");
    assert.deepEqual([ready.status, JSON.parse(ready.text).status], [503, "starting"]);
    origin.files.set("list.json", { bytes: Buffer.from("[]"), etag: '"list"' });
    assert.equal((await server.get("gone/info.json")).code, "unknown-asset");
    assert.equal((await server.get("readyz")).status, 200);
    origin.files.set("gone.siedd", asset(SMALL, 'W/"weak"'));
    origin.faults = { noRanges: true };
    assert.match((await server.get("gone/info.json")).text, /must support HTTP Range requests/);
  });

  test("are requested with the headers of a function, which are sent only to their own server", async (t) => {
    const origin = await originServer(t);
    const other = await originServer(t);
    origin.files.set("video.siedd", asset(SMALL, '"one"'));
    other.files.set("else.siedd", asset(SMALL, '"two"'));
    const list = JSON.stringify(["video.siedd", `${other.url}else.siedd`]);
    origin.files.set("list.json", { bytes: Buffer.from(list), etag: '"list"' });
    const headers = (url: URL) => ({ authorization: `signed ${url.pathname}` });
    const root = { url: `${origin.url}list.json`, headers };
    const server = await testServer(t, {}, { root, originAllowList: [new URL(other.url).origin] });
    for (const id of ["video", "else"]) assert.equal((await server.get(`${id}/info.json`)).status, 200);
    assert.ok(origin.requests.every(({ path, headers }) => headers.authorization === `signed /${path}`));
    assert.ok(other.requests.length > 0 && other.requests.every(({ headers }) => !headers.authorization));
  });

  test("are not fetched to their end after the client disconnects", async (t) => {
    const origin = await originServer(t);
    const video = asset(LARGE, '"one"');
    origin.files.set("video.siedd", video);
    const server = await testServer(t, {}, { root: `${origin.url}video.siedd` });
    await server.get("video/info.json");
    const { delay, release } = gate(t);
    origin.faults = { delay };
    const [before, sent] = [origin.requests.length, origin.sent];
    const clientRequest = get(`${server.url}video/asset`);
    const [response] = (await once(clientRequest, "response")) as [IncomingMessage];
    await once(response, "data");
    // The first block is cached, and the second one is being fetched.
    await waitUntil(() => origin.requests.length > before, "the second block is requested");
    response.destroy();
    const disconnected = /^siedd_aborted_requests_total\{route="\/:id\/asset"\} 1$/m;
    await waitUntil(
      async () => disconnected.test((await server.get("metrics")).text),
      "the disconnect is counted",
    );
    release();
    await waitUntil(() => origin.sent > sent, "the origin responds");
    await server.get("video/info.json");
    assert.equal(origin.requests.length, before + 1);
  });

  test("are rejected as options if the root is invalid", async () => {
    for (const [root, message] of [
      [[], /options\.root must be a folder path/],
      [{ url: "ftp://host/video.siedd" }, /options\.root must be a folder path/],
      ["http://user:word@host/video.siedd", /must not contain credentials/],
    ] as const) {
      await assert.rejects(
        serve({ root: root as ServeOptions["root"], port: 0 }),
        (error) => error instanceof ServeError && error.code === "bad-option" && message.test(error.message),
      );
    }
    await assert.rejects(serve({ root: "/", port: 0, originSeconds: 0 }), /originSeconds must be a number/);
    for (const item of ["cdn.example", "https://cdn.example/videos/", "ftp://cdn.example"]) {
      const options = { root: "/", port: 0, originAllowList: [item] };
      await assert.rejects(
        serve(options),
        /originAllowList must be an array of http or https URLs without a path/,
      );
    }
    await assert.rejects(
      serve({ root: "/", port: 0, engine: "gpu" as "onnx" }),
      /options\.engine must be one of auto, kernel, onnx/,
    );
  });
});
