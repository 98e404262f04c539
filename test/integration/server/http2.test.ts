import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readlink, writeFile } from "node:fs/promises";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
  type Settings,
} from "node:http2";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, { type FastifyInstance } from "fastify";
import siedd, { type SieddOptions, type WorkEvent } from "../../../server/index.js";
import { logRequests } from "../../../server/standalone/request-log.js";
import { deferred } from "../../support/deferred.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const ROUTE = 'route="/:id/:region/:size/seg-:k.m4s"';
const SEGMENT = "/video/full/80,46/seg-0.m4s";
/** Takes seconds to compute. */
const LONG_SEGMENT = "/video/full/%5E1600,900/seg-1.m4s";

/** Counts the open file descriptors of this process for a file. */
async function countOpen(path: string): Promise<number> {
  const fds = await readdir("/proc/self/fd");
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")));
  return targets.filter((target) => target === path).length;
}

/** Starts an HTTP/2 server without TLS, with the plugin and the request log of `serve()`, and connects to it. */
async function http2Server(t: TestContext, options: Partial<SieddOptions> = {}) {
  const root = await tempFolder(t);
  const asset = syntheticAsset({ width: 160, height: 90, groups: [1, 200] });
  await writeFile(join(root, "video.siedd"), asset);
  const log: string[] = [];
  const work: WorkEvent[] = [];
  const app = fastify({
    http2: true,
    pluginTimeout: 0,
    disableRequestLogging: true,
    logger: { stream: { write: (line: string) => log.push(line) } },
  });
  logRequests(app as unknown as FastifyInstance);
  await app.register(siedd, { root, prefetch: 0, onWork: (event) => work.push(event), ...options });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const sessions: ClientHttp2Session[] = [];
  const openSession = (settings: Settings = {}): ClientHttp2Session => {
    const session = connect(url, { settings });
    sessions.push(session);
    return session;
  };
  t.after(async () => {
    // Open sessions would delay `close`.
    for (const session of sessions) session.destroy();
    await app.close();
  });
  const session = openSession();
  const open = (headers: OutgoingHttpHeaders): ClientHttp2Stream => session.request(headers);
  const get = async (path: string, headers: OutgoingHttpHeaders = {}) => {
    const stream = open({ ":path": path, ...headers });
    let responseHeaders: Record<string, unknown> = {};
    stream.on("response", (received) => {
      responseHeaders = received;
    });
    const body = Buffer.concat(await stream.toArray());
    return { status: responseHeaders[":status"], headers: responseHeaders, body };
  };
  /** Reads the value of a metric; undefined if it has not been counted yet. */
  const metric = async (sample: string): Promise<number | undefined> => {
    const lines = `${(await get("/metrics")).body}`.split("\n");
    const line = lines.find((line) => line.startsWith(`siedd_${sample} `));
    return line === undefined ? undefined : Number(line.split(" ")[1]);
  };
  /** Returns the log messages of the requests for a path. */
  const logged = (path: string): string[] =>
    log
      .map((line) => JSON.parse(line))
      .filter((line) => line.path === path)
      .map(({ msg }) => msg);
  return { root, openSession, open, get, metric, logged, work };
}

test("a canceled HTTP/2 stream ends its work and counts as aborted", async (t) => {
  const server = await http2Server(t);
  const stream = server.open({ ":path": LONG_SEGMENT });
  await waitUntil(async () => (await server.metric("queue_running")) === 1, "its job runs");
  stream.close(constants.NGHTTP2_CANCEL);
  await waitUntil(() => server.logged(LONG_SEGMENT).length > 0, "its request is logged");
  assert.deepEqual(server.logged(LONG_SEGMENT), ["client disconnected"]);
  await waitUntil(async () => (await server.metric("queue_running")) === 0, "its job ends");
  assert.deepEqual(server.work, []);
  assert.equal(await server.metric("aborted_work_total"), 1);
  assert.equal(await server.metric(`aborted_requests_total{${ROUTE}}`), 1);
  assert.equal(await server.metric(`requests_total{${ROUTE},method="GET",status="200"}`), undefined);
});

test("an HTTP/2 stream canceled before its work starts computes nothing", async (t) => {
  const called = deferred();
  const gate = deferred();
  const server = await http2Server(t, {
    concurrency: 1,
    authorize: async () => {
      called.resolve();
      await gate.promise;
      return true;
    },
  });
  const stream = server.open({ ":path": SEGMENT });
  await called.promise;
  stream.close(constants.NGHTTP2_CANCEL);
  await waitUntil(() => server.logged(SEGMENT).length > 0, "its request is logged");
  gate.resolve();
  // The queue would run the job of the canceled request first.
  assert.equal((await server.get("/video/full/32,18/seg-0.m4s")).status, 200);
  assert.deepEqual(
    server.work.map(({ width }) => width),
    [32],
  );
  assert.deepEqual(server.logged(SEGMENT), ["client disconnected"]);
  assert.equal(await server.metric(`aborted_requests_total{${ROUTE}}`), 1);
});

test("an HTTP/2 stream canceled while its body is sent counts as aborted", async (t) => {
  const server = await http2Server(t);
  // The flow-control window holds the body back.
  const session = server.openSession({ initialWindowSize: 1 });
  const stream = session.request({ ":path": SEGMENT });
  await once(stream, "response");
  stream.close(constants.NGHTTP2_CANCEL);
  await waitUntil(() => server.logged(SEGMENT).length > 0, "its request is logged");
  assert.deepEqual(server.logged(SEGMENT), ["client disconnected"]);
  assert.equal(await server.metric(`aborted_requests_total{${ROUTE}}`), 1);
  assert.equal(await server.metric(`requests_total{${ROUTE},method="GET",status="200"}`), undefined);
});

test("a canceled download of the asset closes its file, before and after its body starts", {
  skip: process.platform !== "linux",
}, async (t) => {
  const called = deferred();
  const gate = deferred();
  const server = await http2Server(t, {
    authorize: async (request) => {
      if (request.headers["x-wait"] === undefined) return true;
      called.resolve();
      await gate.promise;
      return true;
    },
  });
  const path = join(server.root, "large.siedd");
  const groups = Array.from({ length: 40 }, () => 50);
  await writeFile(path, syntheticAsset({ width: 320, height: 180, groups }));
  assert.equal((await server.get("/large/info.json")).status, 200);
  const session = server.openSession({ initialWindowSize: 1 });
  const sent = session.request({ ":path": "/large/asset" });
  await once(sent, "response");
  await waitUntil(async () => (await countOpen(path)) === 1, "the asset is being read");
  sent.close(constants.NGHTTP2_CANCEL);
  await waitUntil(async () => (await countOpen(path)) === 0, "the asset is closed");
  const early = server.open({ ":path": "/large/asset", "x-wait": "1" });
  await called.promise;
  early.close(constants.NGHTTP2_CANCEL);
  await waitUntil(() => server.logged("/large/asset").length === 2, "both requests are logged");
  gate.resolve();
  // The handler opens the file in the meantime.
  await sleep(300);
  assert.equal(await countOpen(path), 0);
  assert.equal(await server.metric('aborted_requests_total{route="/:id/asset"}'), 2);
});

test("complete HTTP/2 responses to GET, HEAD and conditional requests count by their status", async (t) => {
  const server = await http2Server(t);
  const full = await server.get(SEGMENT);
  assert.equal(full.status, 200);
  assert.equal(full.body.length, Number(full.headers["content-length"]));
  const head = await server.get(SEGMENT, { ":method": "HEAD" });
  assert.deepEqual([head.status, head.body.length, head.headers.etag], [200, 0, full.headers.etag]);
  const unchanged = await server.get(SEGMENT, { "if-none-match": `${full.headers.etag}` });
  assert.deepEqual([unchanged.status, unchanged.body.length], [304, 0]);
  for (const [method, status] of [
    ["GET", 200],
    ["HEAD", 200],
    ["GET", 304],
  ]) {
    const sample = `requests_total{${ROUTE},method="${method}",status="${status}"}`;
    await waitUntil(async () => (await server.metric(sample)) === 1, `${method} ${status} is counted`);
  }
  assert.equal(await server.metric(`aborted_requests_total{${ROUTE}}`), undefined);
  assert.deepEqual(server.logged(SEGMENT), new Array(3).fill("request completed"));
  assert.equal(server.work.length, 1);
});
