import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CoalescingCache } from "../../../../server/cache/coalescing-cache.js";
import { RequestError } from "../../../../server/errors.js";
import { WorkQueue } from "../../../../server/scheduling/queue.js";

const forever = (signal: AbortSignal) =>
  new Promise<Uint8Array>((_, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
  );

test("concurrent lookups of a key share one job, and later lookups its cached result", async () => {
  const cache = new CoalescingCache(1000);
  let calls = 0;
  const compute = async () => {
    calls++;
    await sleep(10);
    return new Uint8Array([calls]);
  };
  const results = await Promise.all(Array.from({ length: 8 }, () => cache.get("a", compute)));
  results.push(await cache.get("a", compute));
  assert.deepEqual(
    results,
    Array.from({ length: 9 }, () => new Uint8Array([1])),
  );
  const { hits, coalesced, computed } = cache.counts;
  assert.deepEqual({ computed, coalesced, hits }, { computed: 1, coalesced: 7, hits: 1 });
});

test("a job continues while a caller waits, and is aborted with the last one", async () => {
  const cache = new CoalescingCache(1000);
  const [first, second] = [new AbortController(), new AbortController()];
  let aborted = false;
  const compute = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => {
      aborted = true;
    });
    return forever(signal);
  };
  const one = cache.get("a", compute, first.signal);
  const two = cache.get("a", compute, second.signal);
  first.abort(new Error("first left"));
  await assert.rejects(one, /first left/);
  assert.equal(aborted, false);
  second.abort(new Error("second left"));
  await assert.rejects(two, /second left/);
  assert.equal(aborted, true);
  assert.equal(cache.counts.aborted, 1);
  assert.deepEqual(await cache.get("a", async () => new Uint8Array([7])), new Uint8Array([7]));
});

test("a failed job is neither cached nor counted as computed", async () => {
  const cache = new CoalescingCache(1000);
  await assert.rejects(
    cache.get("a", () => Promise.reject(new Error("failed"))),
    /failed/,
  );
  assert.equal(cache.counts.computed, 0);
  assert.deepEqual(await cache.get("a", async () => new Uint8Array([1])), new Uint8Array([1]));
  assert.equal(cache.counts.computed, 1);
});

test("the memory cache is bounded in bytes and evicts the least recently used entry", async () => {
  const cache = new CoalescingCache(100);
  const compute = async () => new Uint8Array(30);
  for (const key of ["a", "b", "c", "a", "d"]) await cache.get(key, compute);
  assert.ok(cache.counts.bytes <= 100);
  const { evicted, computed } = cache.counts;
  assert.deepEqual({ evicted, computed }, { evicted: 1, computed: 4 });
  await cache.get("a", compute);
  assert.equal(cache.counts.computed, 4);
  await cache.get("b", compute);
  assert.equal(cache.counts.computed, 5);
  await cache.get("too large", async () => new Uint8Array(1000));
  assert.ok(cache.counts.bytes <= 100);
});

const isBusy = (error: unknown) =>
  error instanceof RequestError &&
  error.code === "busy" &&
  error.status === 503 &&
  "retry-after" in error.headers;

test("a full queue rejects with busy, and a freed slot goes to the next job", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 1, maxQueueSeconds: 5 });
  const { signal } = new AbortController();
  const gate = deferred();
  const order: number[] = [];
  const job = (n: number) => queue.run(async () => void order.push(n), signal);
  const first = queue.run(() => gate.promise, signal);
  const second = job(2);
  await assert.rejects(job(3), isBusy);
  gate.resolve();
  await Promise.all([first, second]);
  await job(4);
  assert.deepEqual(order, [2, 4]);
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

test("no job waits longer than maxQueueSeconds", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 5, maxQueueSeconds: 0.05 });
  const controller = new AbortController();
  const first = queue.run(forever, controller.signal);
  await assert.rejects(
    queue.run(async () => 1, new AbortController().signal),
    isBusy,
  );
  controller.abort(new Error("enough"));
  await assert.rejects(first, /enough/);
});

test("an aborted job leaves the queue", async () => {
  const queue = new WorkQueue({ concurrency: 1, maxQueue: 5, maxQueueSeconds: 5 });
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = queue.run(forever, running.signal);
  const second = queue.run(async () => 1, waiting.signal);
  waiting.abort(new Error("left"));
  await assert.rejects(second, /left/);
  assert.equal(queue.waiting, 0);
  running.abort(new Error("left"));
  await assert.rejects(first);
  assert.equal(queue.running, 0);
});

test("closing rejects waiting jobs, lets running jobs finish, and aborts them after the timeout", async () => {
  const queue = new WorkQueue({ concurrency: 2, maxQueue: 5, maxQueueSeconds: 5 });
  const { signal } = new AbortController();
  const quick = queue.run(() => sleep(20, "done"), signal);
  const stuck = queue.run(forever, signal);
  const waiting = queue.run(async () => 1, signal);
  const results = Promise.allSettled([quick, stuck, waiting]);
  await queue.close(0.1);
  const [first, second, third] = await results;
  assert.deepEqual(first, { status: "fulfilled", value: "done" });
  assert.equal(second.status, "rejected");
  assert.equal(third.status, "rejected");
  await assert.rejects(
    queue.run(async () => 1, signal),
    /shutting down/,
  );
});

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
