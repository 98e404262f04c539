import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CoalescingCache } from "../../../server/cache/coalescing-cache.js";
import { RequestError } from "../../../server/errors.js";
import { readClientData } from "../../../server/http/cmcd.js";
import { withJobContext } from "../../../server/scheduling/job-context.js";
import { WorkQueue } from "../../../server/scheduling/queue.js";
import { segmentsOf, type TestServer, testServer } from "../../support/running-server.js";
import { until } from "../../support/wait-until.js";

const SMALL = { width: 160, height: 90, groups: [10, 10, 10, 10] };

const wanted = (due: number, client?: string): AbortSignal =>
  withJobContext(new AbortController().signal, { due, client, ahead: false });

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** The clock of the queue and its quotas, which stands still until it is told to go on by some milliseconds. */
function stoppedClock(t: TestContext): (milliseconds: number) => void {
  let now = performance.now();
  t.mock.method(performance, "now", () => now);
  return (milliseconds) => {
    now += milliseconds;
  };
}

const refusal = (code: string) => (error: unknown) =>
  error instanceof RequestError &&
  error.code === code &&
  error.status === 503 &&
  Number(error.headers["retry-after"]) >= 1;

test("CMCD is read from header and query, and what is malformed is as good as not there", () => {
  const header = 'bl=21300,dl=18500,mtp=48100,nor="..%2F300kbps%2Ftrack.m4v",su';
  assert.deepEqual(readClientData(header, undefined), {
    deadline: 18500,
    startup: true,
    next: "../300kbps/track.m4v",
  });
  assert.deepEqual(readClientData("dl=1", 'nor="a,dl=5",dl=700'), { next: "a,dl=5", deadline: 700 });
  for (const text of [
    "",
    "dl",
    "dl=-5",
    "dl=1e3",
    'nor="%E0%A4%A"',
    "su=false",
    `dl=5,${"x".repeat(5000)}`,
  ]) {
    assert.deepEqual(readClientData(text, undefined), {}, text);
  }
  assert.deepEqual(readClientData(["dl=5"], { dl: "5" }), {});
});

test("who runs dry first comes first, and equals in the order of their coming", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 60 });
  const gate = deferred();
  const order: string[] = [];
  const job = (name: string, due: number) => queue.run(async () => void order.push(name), wanted(due));
  const first = queue.run(() => gate.promise, wanted(0));
  const rest = [job("late", 900), job("soon", 100), job("soon too", 100), job("now", 5)];
  gate.resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(order, ["now", "soon", "soon too", "late"]);
});

test("work that somebody in a hurry joins moves ahead in the queue", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 60 });
  const cache = new CoalescingCache(1000);
  const gate = deferred();
  const order: string[] = [];
  const ask = (key: string, due: number) =>
    cache.get(
      key,
      (signal) =>
        queue.run(async () => {
          order.push(key);
          return new Uint8Array(1);
        }, signal),
      wanted(due),
    );
  const first = queue.run(() => gate.promise, wanted(0));
  const rest = [ask("a", 500), ask("b", 400)];
  await until(() => queue.waiting === 2, "both wait for their turn");
  rest.push(ask("a", 300));
  gate.resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(order, ["a", "b"]);
});

test("what cannot get its turn in time is told so at once, with the time to come back", async (t) => {
  const pass = stoppedClock(t);
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 2 });
  // A job of 8 million pixels takes 100 ms: ten millions with its overhead.
  await queue.run(async () => pass(100), wanted(0), 8_000_000);
  const gate = deferred();
  const first = queue.run(() => gate.promise, wanted(0), 8_000_000);
  const long = queue.run(async () => 1, wanted(10), 500_000_000);
  await assert.rejects(
    queue.run(async () => 1, wanted(20), 8_000_000),
    (error) => {
      assert.ok(refusal("busy")(error));
      assert.match((error as Error).message, /about 6 seconds of work come first/);
      assert.equal((error as RequestError).headers["retry-after"], "6");
      return true;
    },
  );
  // What is due earlier does not wait for the long one.
  const urgent = queue.run(async () => 2, wanted(5), 8_000_000);
  gate.resolve();
  await first;
  assert.deepEqual(await Promise.all([urgent, long]), [2, 1]);
});

test("one client cannot take all turns, nor more pixels than its share", async (t) => {
  const pass = stoppedClock(t);
  const gate = deferred();
  const jobs = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 60, clientJobs: 2 });
  const running = [1, 2].map(() => jobs.run(() => gate.promise, wanted(0, "a")));
  await assert.rejects(
    jobs.run(async () => 1, wanted(0, "a")),
    refusal("over-quota"),
  );
  running.push(jobs.run(() => gate.promise, wanted(0, "b")));
  gate.resolve();
  await Promise.all(running);
  assert.equal(await jobs.run(async () => 1, wanted(0, "a")), 1);

  const pixels = new WorkQueue({
    ...{ concurrency: 1, maxQueue: 9, maxQueueSeconds: 60, clientPixelsPerSecond: 1000 },
  });
  // Ten seconds' worth is saved up, and one job may go beyond it.
  await pixels.run(async () => 1, wanted(0, "a"), 13_500);
  await assert.rejects(
    pixels.run(async () => 1, wanted(0, "a"), 1),
    (error) => refusal("over-quota")(error) && (error as RequestError).headers["retry-after"] === "4",
  );
  assert.equal(await pixels.run(async () => 1, wanted(0, "b"), 1), 1);
  pass(3_501);
  assert.equal(await pixels.run(async () => 1, wanted(0, "a"), 1), 1);
});

test("over its quota a client gets 503 with Retry-After, others are served, and hits are free", async (t) => {
  const options = {
    clientPixelsPerSecond: 1,
    clientKey: (request: { headers: Record<string, unknown> }) => `${request.headers["x-viewer"]}`,
  };
  const server = await testServer(t, { video: SMALL }, options);
  const get = (k: number, viewer: string) =>
    server.get(`video/full/160,90/seg-${k}.m4s`, { headers: { "x-viewer": viewer } });
  assert.equal((await get(0, "a")).status, 200);
  const refused = await get(1, "a");
  assert.deepEqual([refused.status, refused.code], [503, "over-quota"]);
  assert.ok(Number(refused.headers.get("retry-after")) > 1);
  assert.equal(refused.headers.get("cache-control"), "no-store");
  assert.equal((await get(0, "a")).status, 200);
  assert.equal((await get(1, "b")).status, 200);
  assert.equal((await get(1, "a")).status, 200);
});

test("an answer that costs too much is refused before anything is decoded", async (t) => {
  const server = await testServer(t, { video: SMALL }, { maxWork: 10 * 160 * 90 });
  const tooMuch = await server.get("video/full/%5E162,90/seg-0.m4s");
  assert.deepEqual([tooMuch.status, tooMuch.code], [400, "too-much-work"]);
  assert.match(JSON.parse(tooMuch.text).error.message, /10 frames of 162x90 are 145800 pixels/);
  assert.deepEqual(server.work, []);
  assert.equal((await server.get("video/full/160,90/seg-0.m4s")).status, 200);
});

/** A count of the server's metrics by its name and label. */
const counted = async (server: TestServer, sample: string): Promise<number> => {
  const lines = (await server.get("metrics")).text.split("\n");
  return Number(lines.find((line) => line.startsWith(`siedd_${sample} `))?.split(" ")[1]);
};
const prefetches = (server: TestServer, outcome: string) =>
  counted(server, `prefetches_total{outcome="${outcome}"}`);

test("while the server is idle it makes the next segment, or the one that the client names", async (t) => {
  const server = await testServer(t, { video: SMALL }, { prefetch: 1 });
  await server.get("video/full/160,90/seg-0.m4s");
  await until(() => server.work.length === 2, "the next segment is made");
  assert.deepEqual(segmentsOf(server.work), [0, 1]);
  await server.get("video/full/160,90/seg-1.m4s", {
    headers: { "cmcd-request": 'nor="..%2F80%2C46%2Fseg-3.m4s"' },
  });
  await until(() => server.work.length === 3, "the segment that was named is made");
  const { width, index } = server.work[2] ?? {};
  assert.deepEqual([width, index], [80, 3]);
  await until(async () => (await prefetches(server, "finished")) === 2, "both are counted");
  // A name that leads elsewhere is none, and nothing comes after the last segment.
  await server.get("video/full/80,46/seg-3.m4s?CMCD=nor%3D%22..%252F..%252F..%252F..%252Fetc%252Fpasswd%22");
  assert.deepEqual([await prefetches(server, "started"), await prefetches(server, "dropped")], [2, 0]);
  assert.equal(server.work.length, 3);
});

test("what is made ahead gives way to what is asked for, unless it is that", async (t) => {
  const video = { width: 160, height: 90, groups: [5, 75, 5] };
  const server = await testServer(t, { video: video }, { prefetch: 1, concurrency: 1 });
  const begun = () =>
    until(async () => (await counted(server, "queue_running")) > 0, "the next one is begun");
  await server.get("video/full/%5E640,360/seg-0.m4s");
  await begun();
  // Segment 1 is on its way: asking for it joins the work, which then is not dropped any more.
  const joined = server.get("video/full/%5E640,360/seg-1.m4s");
  const shared = () => counted(server, 'cache_requests_total{from="shared"}');
  await until(async () => (await shared()) === 1, "the request joins what is made ahead");
  assert.equal((await server.get("video/full/160,90/seg-2.m4s")).status, 200);
  assert.equal((await joined).status, 200);
  assert.equal(server.work.filter(({ index, width }) => index === 1 && width === 640).length, 1);

  server.work.length = 0;
  await server.get("video/full/%5E638,360/seg-0.m4s");
  await begun();
  assert.equal((await server.get("video/full/158,90/seg-2.m4s")).status, 200);
  // The first was taken over by who asked for it, this one was given up.
  const [, second] = segmentsOf(server.work);
  assert.equal(second, 2);
  assert.ok([2, 3].includes(await prefetches(server, "dropped")));
});
