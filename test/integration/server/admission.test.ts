import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CoalescingCache } from "../../../server/cache/coalescing-cache.js";
import { RequestError } from "../../../server/errors.js";
import { withJobContext } from "../../../server/scheduling/job-context.js";
import { WorkQueue } from "../../../server/scheduling/queue.js";
import { deferred } from "../../support/deferred.js";
import { segmentIndexes, type TestServer, testServer } from "../../support/running-server.js";
import { syntheticPaperAsset } from "../../support/synthetic-paper.js";
import { waitUntil } from "../../support/wait-until.js";

/** Segments of 5, 5, 10, 10 and 10 frames. */
const SMALL = { width: 160, height: 90, groups: [10, 10, 10, 10], frameRate: { num: 10, den: 1 } };

/** Returns the signal of a foreground job with a deadline on the `performance.now()` clock. */
const withDeadline = (deadline: number, client?: string): AbortSignal =>
  withJobContext(new AbortController().signal, { deadline, client, priority: "foreground" });

/** Stops the clock of the queue and its quotas. Returns a function that advances it by a number of milliseconds. */
function stopClock(t: TestContext): (milliseconds: number) => void {
  let now = performance.now();
  t.mock.method(performance, "now", () => now);
  return (milliseconds) => {
    now += milliseconds;
  };
}

const isRejection = (code: string) => (error: unknown) =>
  error instanceof RequestError &&
  error.code === code &&
  error.status === 503 &&
  Number(error.headers["retry-after"]) >= 1;

test("the queue runs the earliest deadline first, and equal deadlines in order of arrival", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 60 });
  const gate = deferred();
  const order: string[] = [];
  const job = (name: string, deadline: number) =>
    queue.run(async () => void order.push(name), withDeadline(deadline));
  const first = queue.run(() => gate.promise, withDeadline(0));
  const rest = [job("late", 900), job("soon", 100), job("soon too", 100), job("now", 5)];
  gate.resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(order, ["now", "soon", "soon too", "late"]);
});

test("a queued job moves ahead when a more urgent request joins it", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 60 });
  const cache = new CoalescingCache(1000);
  const gate = deferred();
  const order: string[] = [];
  const lookUp = (key: string, deadline: number) =>
    cache.get(
      key,
      (signal) =>
        queue.run(async () => {
          order.push(key);
          return new Uint8Array(1);
        }, signal),
      withDeadline(deadline),
    );
  const first = queue.run(() => gate.promise, withDeadline(0));
  const rest = [lookUp("a", 500), lookUp("b", 400)];
  await waitUntil(() => queue.waiting === 2, "both jobs wait");
  rest.push(lookUp("a", 300));
  gate.resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(order, ["a", "b"]);
});

test("a job whose estimated wait is too long is rejected at once with Retry-After", async (t) => {
  const advance = stopClock(t);
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 2 });
  // 8 million pixels, 10 million with the overhead per job, take 100 ms.
  await queue.run(async () => advance(100), withDeadline(0), 8_000_000);
  const gate = deferred();
  const first = queue.run(() => gate.promise, withDeadline(0), 8_000_000);
  const long = queue.run(async () => 1, withDeadline(10), 500_000_000);
  await assert.rejects(
    queue.run(async () => 1, withDeadline(20), 8_000_000),
    (error) => {
      assert.ok(isRejection("busy")(error));
      assert.match((error as Error).message, /estimated wait of 6 s/);
      assert.equal((error as RequestError).headers["retry-after"], "6");
      return true;
    },
  );
  // A job with an earlier deadline does not wait for the long one.
  const urgent = queue.run(async () => 2, withDeadline(5), 8_000_000);
  gate.resolve();
  await first;
  assert.deepEqual(await Promise.all([urgent, long]), [2, 1]);
});

test("the quota limits the concurrent jobs and the pixel rate of each client", async (t) => {
  const advance = stopClock(t);
  const gate = deferred();
  const jobs = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 60, clientJobs: 2 });
  const running = [1, 2].map(() => jobs.run(() => gate.promise, withDeadline(0, "a")));
  await assert.rejects(
    jobs.run(async () => 1, withDeadline(0, "a")),
    isRejection("over-quota"),
  );
  running.push(jobs.run(() => gate.promise, withDeadline(0, "b")));
  gate.resolve();
  await Promise.all(running);
  assert.equal(await jobs.run(async () => 1, withDeadline(0, "a")), 1);

  const limits = { concurrency: 1, maxQueue: 9, maxQueueSeconds: 60 };
  const pixels = new WorkQueue({ ...limits, clientPixelsPerSecond: 1000 });
  // The token bucket holds 10 seconds of the rate, and one job may exceed it.
  await pixels.run(async () => 1, withDeadline(0, "a"), 13_500);
  await assert.rejects(
    pixels.run(async () => 1, withDeadline(0, "a"), 1),
    (error) => isRejection("over-quota")(error) && (error as RequestError).headers["retry-after"] === "4",
  );
  assert.equal(await pixels.run(async () => 1, withDeadline(0, "b"), 1), 1);
  advance(3_501);
  assert.equal(await pixels.run(async () => 1, withDeadline(0, "a"), 1), 1);
});

test("a client over its quota gets 503 with Retry-After; other clients and cache hits are served", async (t) => {
  const options = {
    clientPixelsPerSecond: 1,
    clientKey: (request: { headers: Record<string, unknown> }) => `${request.headers["x-viewer"]}`,
  };
  const server = await testServer(t, { video: SMALL }, options);
  const get = (k: number, viewer: string) =>
    server.get(`video/full/160,90/seg-${k}.m4s`, { headers: { "x-viewer": viewer } });
  assert.equal((await get(0, "a")).status, 200);
  const rejected = await get(1, "a");
  assert.deepEqual([rejected.status, rejected.code], [503, "over-quota"]);
  assert.ok(Number(rejected.headers.get("retry-after")) > 1);
  assert.equal(rejected.headers.get("cache-control"), "no-store");
  assert.equal((await get(0, "a")).status, 200);
  assert.equal((await get(1, "b")).status, 200);
  assert.equal((await get(1, "a")).status, 200);
});

test("a request above maxWork is rejected before decoding", async (t) => {
  const server = await testServer(t, { video: SMALL }, { maxWork: 10 * 160 * 90 });
  const tooMuch = await server.get("video/full/%5E162,90/seg-2.m4s");
  assert.deepEqual([tooMuch.status, tooMuch.code], [400, "too-much-work"]);
  assert.match(JSON.parse(tooMuch.text).error.message, /10 frames of 162x90 are 145800 pixels/);
  assert.deepEqual(server.work, []);
  assert.equal((await server.get("video/full/160,90/seg-2.m4s")).status, 200);
});

/** Reads the value of a metric by its name without the prefix `siedd_`, and its labels. */
const metric = async (server: TestServer, sample: string): Promise<number> => {
  const lines = (await server.get("metrics")).text.split("\n");
  return Number(lines.find((line) => line.startsWith(`siedd_${sample} `))?.split(" ")[1]);
};
const prefetches = (server: TestServer, outcome: string) =>
  metric(server, `prefetches_total{outcome="${outcome}"}`);

test("an idle server prefetches the next segment, or the one that the client announces", async (t) => {
  const server = await testServer(t, { video: SMALL }, { prefetch: 1 });
  await server.get("video/full/160,90/seg-0.m4s");
  await waitUntil(() => server.work.length === 2, "the next segment is prefetched");
  assert.deepEqual(segmentIndexes(server.work), [0, 1]);
  await server.get("video/full/160,90/seg-1.m4s", {
    headers: { "cmcd-request": 'nor="..%2F80%2C46%2Fseg-4.m4s"' },
  });
  await waitUntil(() => server.work.length === 3, "the announced segment is prefetched");
  const { width, index } = server.work[2] ?? {};
  assert.deepEqual([width, index], [80, 4]);
  await waitUntil(async () => (await prefetches(server, "finished")) === 2, "both prefetches are counted");
  // An announced path outside of the video is ignored, and no segment follows the last one.
  await server.get("video/full/80,46/seg-4.m4s?CMCD=nor%3D%22..%252F..%252F..%252F..%252Fetc%252Fpasswd%22");
  assert.deepEqual([await prefetches(server, "started"), await prefetches(server, "dropped")], [2, 0]);
  assert.equal(server.work.length, 3);
});

test("a prefetch is preempted by a request, unless the request joins it", async (t) => {
  const video = { width: 160, height: 90, groups: [5, 75, 5] };
  const server = await testServer(t, { video }, { prefetch: 1, concurrency: 1 });
  const prefetchStarted = () =>
    waitUntil(
      async () => (await metric(server, "queue_running")) > 0,
      "the next segment is being prefetched",
    );
  await server.get("video/full/%5E640,360/seg-0.m4s");
  await prefetchStarted();
  // Segment 1 is in flight: a request for it joins the job, which is then no longer preempted.
  const joined = server.get("video/full/%5E640,360/seg-1.m4s");
  const coalesced = () => metric(server, 'cache_requests_total{from="coalesced"}');
  await waitUntil(async () => (await coalesced()) === 1, "the request joins the prefetch");
  assert.equal((await server.get("video/full/160,90/seg-2.m4s")).status, 200);
  assert.equal((await joined).status, 200);
  assert.equal(server.work.filter(({ index, width }) => index === 1 && width === 640).length, 1);

  server.work.length = 0;
  await server.get("video/full/%5E638,360/seg-0.m4s");
  await prefetchStarted();
  assert.equal((await server.get("video/full/158,90/seg-2.m4s")).status, 200);
  // The request joined the first prefetch; the second one was preempted.
  const [, second] = segmentIndexes(server.work);
  assert.equal(second, 2);
  assert.ok([2, 3].includes(await prefetches(server, "dropped")));
});

test("an image whose network takes minutes to evaluate is rejected before decoding", async (t) => {
  const frame = { width: 8192, height: 8192, groups: [1] };
  const server = await testServer(t, {
    large: syntheticPaperAsset({ ...frame, neurons: 512, hiddenLayers: 8 }),
    usual: syntheticPaperAsset({ groups: [1] }),
  });
  const { status, code, text } = await server.get("large/full/64,64/frame-0.jpg");
  assert.deepEqual([status, code], [400, "too-much-work"]);
  assert.match(text, /as much work as \d{11} samples .* the maximum is 11324620800; request a smaller size/);
  assert.equal((await server.get("usual/full/64,/frame-0.jpg")).status, 200);
});
