import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RequestError } from "../server/errors.js";
import { readClientData } from "../server/http/cmcd.js";
import { withDemand } from "../server/work/demand.js";
import { WorkQueue } from "../server/work/queue.js";
import { SharedCache } from "../server/work/shared-cache.js";
import { segmentsOf, testServer } from "./running-server.js";

const SMALL = { width: 160, height: 90, groups: [10, 10, 10, 10] };

const wanted = (due: number, client?: string): AbortSignal =>
  withDemand(new AbortController().signal, { due, client, ahead: false });

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
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
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 5 });
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
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 5 });
  const cache = new SharedCache(1000);
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
  await sleep(5);
  rest.push(ask("a", 300));
  gate.resolve();
  await Promise.all([first, ...rest]);
  assert.deepEqual(order, ["a", "b"]);
});

test("what cannot get its turn in time is told so at once, with the time to come back", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 2 });
  // A job of 8 million pixels takes 100 ms: ten millions with its overhead.
  await queue.run(() => sleep(100), wanted(0), 8_000_000);
  const gate = deferred();
  const first = queue.run(() => gate.promise, wanted(0), 8_000_000);
  const long = queue.run(async () => 1, wanted(10), 500_000_000);
  await assert.rejects(
    queue.run(async () => 1, wanted(20), 8_000_000),
    (error) => {
      assert.ok(refusal("busy")(error));
      assert.match((error as Error).message, /about [5-6] seconds of work come first/);
      assert.match((error as RequestError).headers["retry-after"] ?? "", /^[5-6]$/);
      return true;
    },
  );
  // What is due earlier does not wait for the long one.
  const urgent = queue.run(async () => 2, wanted(5), 8_000_000);
  gate.resolve();
  await first;
  assert.deepEqual(await Promise.all([urgent, long]), [2, 1]);
});

test("one client cannot take all turns, nor more pixels than its share", async () => {
  const gate = deferred();
  const jobs = new WorkQueue({ concurrency: 1, maxQueue: 9, maxQueueSeconds: 5, clientJobs: 2 });
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
    ...{ concurrency: 1, maxQueue: 9, maxQueueSeconds: 5, clientPixelsPerSecond: 1000 },
  });
  // Ten seconds' worth is saved up, and one job may go beyond it.
  await pixels.run(async () => 1, wanted(0, "a"), 13_500);
  await assert.rejects(
    pixels.run(async () => 1, wanted(0, "a"), 1),
    (error) => refusal("over-quota")(error) && (error as RequestError).headers["retry-after"] === "4",
  );
  assert.equal(await pixels.run(async () => 1, wanted(0, "b"), 1), 1);
});

test("over its quota a client gets 503 with Retry-After, others are served, and hits are free", async (t) => {
  const options = {
    clientPixelsPerSecond: 1,
    clientKey: (request: { headers: Record<string, unknown> }) => `${request.headers["x-viewer"]}`,
  };
  const server = await testServer(t, { film: SMALL }, options);
  const get = (k: number, viewer: string) =>
    server.get(`film/full/160,90/seg-${k}.m4s`, { headers: { "x-viewer": viewer } });
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
  const server = await testServer(t, { film: SMALL }, { maxWork: 10 * 160 * 90 });
  const tooMuch = await server.get("film/full/%5E162,90/seg-0.m4s");
  assert.deepEqual([tooMuch.status, tooMuch.code], [400, "too-much-work"]);
  assert.match(JSON.parse(tooMuch.text).error.message, /10 frames of 162x90 are 145800 pixels/);
  assert.deepEqual(server.work, []);
  assert.equal((await server.get("film/full/160,90/seg-0.m4s")).status, 200);
});

const settle = async (condition: () => boolean) => {
  for (let i = 0; i < 200 && !condition(); i++) await sleep(20);
};

test("while the server is idle it makes the next segment, or the one that the client names", async (t) => {
  const server = await testServer(t, { film: SMALL }, { prefetch: 1 });
  const count = async (outcome: string) =>
    new RegExp(`siedd_prefetches_total\\{outcome="${outcome}"\\} (\\d+)`).exec(
      (await server.get("metrics")).text,
    )?.[1];
  await server.get("film/full/160,90/seg-0.m4s");
  await settle(() => segmentsOf(server.work).length === 2);
  assert.deepEqual(segmentsOf(server.work), [0, 1]);
  await server.get("film/full/160,90/seg-1.m4s", {
    headers: { "cmcd-request": 'nor="..%2F80%2C46%2Fseg-3.m4s"' },
  });
  await settle(() => server.work.length === 3);
  const { width, index } = server.work[2] ?? {};
  assert.deepEqual([width, index], [80, 3]);
  // A name that leads elsewhere is none.
  await server.get("film/full/80,46/seg-3.m4s?CMCD=nor%3D%22..%252F..%252F..%252F..%252Fetc%252Fpasswd%22");
  await sleep(100);
  assert.equal(server.work.length, 3);
  assert.deepEqual(
    [await count("started"), await count("finished"), await count("dropped")],
    ["2", "2", "0"],
  );
});

test("what is made ahead gives way to what is asked for, unless it is that", async (t) => {
  const film = { width: 160, height: 90, groups: [5, 75, 5] };
  const server = await testServer(t, { film }, { prefetch: 1, concurrency: 1 });
  const running = async () => JSON.parse((await server.get("healthz")).text).running;
  await server.get("film/full/%5E640,360/seg-0.m4s");
  for (let i = 0; i < 100 && (await running()) === 0; i++) await sleep(5);
  // Segment 1 is on its way: asking for it joins the work, which then is not dropped any more.
  const joined = server.get("film/full/%5E640,360/seg-1.m4s");
  await sleep(20);
  assert.equal((await server.get("film/full/160,90/seg-2.m4s")).status, 200);
  assert.equal((await joined).status, 200);
  assert.equal(server.work.filter(({ index, width }) => index === 1 && width === 640).length, 1);

  server.work.length = 0;
  await server.get("film/full/%5E638,360/seg-0.m4s");
  for (let i = 0; i < 100 && (await running()) === 0; i++) await sleep(5);
  assert.equal((await server.get("film/full/158,90/seg-2.m4s")).status, 200);
  // The first was taken over by who asked for it, this one was given up.
  const [, second] = segmentsOf(server.work);
  assert.equal(second, 2);
  assert.match((await server.get("metrics")).text, /siedd_prefetches_total\{outcome="dropped"\} [23]/);
});
