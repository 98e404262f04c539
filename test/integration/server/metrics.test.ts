import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { ServeError, serve } from "../../../server/index.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

/** Fetches `/metrics` and returns its values by name and labels. */
async function readMetrics(server: TestServer): Promise<Map<string, number>> {
  const { status, text, headers } = await server.get("metrics");
  assert.equal(status, 200);
  assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.equal(headers.get("cache-control"), "no-store");
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, value] = /^([a-z_\d]+(?:\{.*\})?) (\S+)$/.exec(line) ?? assert.fail(line);
    samples.set(name, Number(value));
  }
  return samples;
}

test("metrics count requests, computed work, cache hits and errors", async (t) => {
  const server = await testServer(t, { video: SMALL }, { prefix: "/videos", prefetch: 0 });
  const before = await readMetrics(server);
  assert.equal(before.get('siedd_cache_requests_total{from="computed"}'), 0);
  await server.get("video/full/80,46/seg-0.m4s");
  await server.get("video/full/80,46/seg-0.m4s");
  await server.get("video/full/80,46/seg-0.m4s", { method: "HEAD" });
  await server.get("video/full/33,21/frame-0.jpg");
  await server.get("video/full/80,46/seg-9.m4s");
  await server.get("none/info.json");
  await server.get("a/path/that/is/none");
  const samples = await readMetrics(server);
  const route = "/:id/:region/:size/seg-:k.m4s";
  for (const [name, value] of [
    [`siedd_requests_total{route="${route}",method="GET",status="200"}`, 2],
    [`siedd_requests_total{route="${route}",method="HEAD",status="200"}`, 1],
    [`siedd_requests_total{route="${route}",method="GET",status="404"}`, 1],
    ['siedd_requests_total{route="none",method="GET",status="404"}', 1],
    [`siedd_request_seconds_count{route="${route}"}`, 4],
    ['siedd_errors_total{code="no-such-segment"}', 1],
    ['siedd_errors_total{code="unknown-asset"}', 1],
    ['siedd_errors_total{code="not-found"}', 1],
    ['siedd_decoded_frames_total{type="segment"}', 13],
    ['siedd_decoded_pixels_total{type="segment"}', 13 * 80 * 46],
    ['siedd_decoded_pixels_total{type="image"}', 33 * 21],
    ['siedd_work_seconds_count{type="segment"}', 1],
    ['siedd_cache_requests_total{from="memory"}', 1],
    ['siedd_cache_requests_total{from="computed"}', 2],
    ["siedd_queue_running", 0],
    ["siedd_queue_waiting", 0],
  ] as const) {
    assert.equal(samples.get(name), value, name);
  }
  const computedBytes = server.work.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok((samples.get('siedd_cache_bytes{tier="memory"}') ?? 0) >= computedBytes);
  assert.equal((await server.get("metrics", { method: "HEAD" })).body.byteLength, 0);
  const stats = JSON.parse((await server.get("stats.json")).text);
  assert.deepEqual([stats.hits, stats.computed, stats.frames, stats.running], [1, 2, 14, 0]);
  assert.equal(stats.pixels, 13 * 80 * 46 + 33 * 21);
  for (const name of ["process_resident_memory_bytes", "nodejs_eventloop_lag_p99_seconds"]) {
    assert.ok((samples.get(name) ?? 0) > 0, name);
  }
  // No label contains text that a client chooses.
  assert.doesNotMatch([...samples.keys()].join("\n"), /80,46|none\/info|video/);
});

test("metrics count disconnected clients and the jobs aborted with them", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, groups: [1, 200] } });
  const clientRequest = request(`${server.url}video/full/%5E1600,900/seg-1.m4s`, () => {});
  clientRequest.on("error", () => {});
  clientRequest.end();
  const count = async (name: string) => (await readMetrics(server)).get(name);
  await waitUntil(async () => (await count("siedd_queue_running")) === 1, "its job runs");
  clientRequest.destroy();
  const aborted = 'siedd_aborted_requests_total{route="/:id/:region/:size/seg-:k.m4s"}';
  await waitUntil(async () => (await count(aborted)) === 1, "the disconnect is counted");
  await waitUntil(async () => (await count("siedd_aborted_work_total")) === 1, "its job is aborted");
});

test("metrics can be disabled, and each instance has its own", async (t) => {
  const disabled = await testServer(t, { video: SMALL }, { metrics: false });
  for (const path of ["metrics", "stats.json"]) assert.equal((await disabled.get(path)).status, 404);
  const [one, two] = [await testServer(t, { video: SMALL }), await testServer(t, { video: SMALL })];
  await one.get("video/full/33,21/frame-0.jpg");
  const frames = 'siedd_decoded_frames_total{type="image"}';
  assert.equal((await readMetrics(one)).get(frames), 1);
  assert.equal((await readMetrics(two)).get(frames), undefined);
  const root = await tempFolder(t);
  await assert.rejects(serve({ root, port: 0, metrics: "no" as unknown as boolean }), (error) => {
    assert.ok(error instanceof ServeError);
    assert.match(error.message, /options\.metrics must be true or false.* "no"/);
    return true;
  });
});
