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

test("those who ask for the same share one work, and later ones its result", async () => {
  const cache = new CoalescingCache(1000);
  let made = 0;
  const make = async () => {
    made++;
    await sleep(10);
    return new Uint8Array([made]);
  };
  const results = await Promise.all(Array.from({ length: 8 }, () => cache.get("a", make)));
  results.push(await cache.get("a", make));
  assert.deepEqual(
    results,
    Array.from({ length: 9 }, () => new Uint8Array([1])),
  );
  const { hits, shared, made: counted } = cache.counts;
  assert.deepEqual({ made: counted, shared, hits }, { made: 1, shared: 7, hits: 1 });
});

test("one who leaves does not end the work while another waits, the last one does", async () => {
  const cache = new CoalescingCache(1000);
  const [first, second] = [new AbortController(), new AbortController()];
  let ended = false;
  const make = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => {
      ended = true;
    });
    return forever(signal);
  };
  const one = cache.get("a", make, first.signal);
  const two = cache.get("a", make, second.signal);
  first.abort(new Error("first left"));
  await assert.rejects(one, /first left/);
  assert.equal(ended, false);
  second.abort(new Error("second left"));
  await assert.rejects(two, /second left/);
  assert.equal(ended, true);
  assert.equal(cache.counts.abandoned, 1);
  assert.deepEqual(await cache.get("a", async () => new Uint8Array([7])), new Uint8Array([7]));
});

test("a failure is neither kept nor counted as made", async () => {
  const cache = new CoalescingCache(1000);
  await assert.rejects(
    cache.get("a", () => Promise.reject(new Error("no luck"))),
    /no luck/,
  );
  assert.equal(cache.counts.made, 0);
  assert.deepEqual(await cache.get("a", async () => new Uint8Array([1])), new Uint8Array([1]));
  assert.equal(cache.counts.made, 1);
});

test("the cache is bounded in bytes and drops what was used longest ago", async () => {
  const cache = new CoalescingCache(100);
  const make = async () => new Uint8Array(30);
  for (const key of ["a", "b", "c", "a", "d"]) await cache.get(key, make);
  assert.ok(cache.counts.bytes <= 100);
  const { evicted, made } = cache.counts;
  assert.deepEqual({ evicted, made }, { evicted: 1, made: 4 });
  await cache.get("a", make);
  assert.equal(cache.counts.made, 4);
  await cache.get("b", make);
  assert.equal(cache.counts.made, 5);
  await cache.get("too large", async () => new Uint8Array(1000));
  assert.ok(cache.counts.bytes <= 100);
});

const isBusy = (error: unknown) =>
  error instanceof RequestError &&
  error.code === "busy" &&
  error.status === 503 &&
  "retry-after" in error.headers;

test("beyond its bound the queue answers busy, and a place that is freed is given on", async () => {
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

test("nobody waits longer than the bound", async () => {
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

test("one who leaves the queue leaves no trace in it", async () => {
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

test("closing refuses what waits, lets what runs finish, and ends what does not", async () => {
  const queue = new WorkQueue({ concurrency: 2, maxQueue: 5, maxQueueSeconds: 5 });
  const { signal } = new AbortController();
  const quick = queue.run(() => sleep(20, "done"), signal);
  const stuck = queue.run(forever, signal);
  const waiting = queue.run(async () => 1, signal);
  const outcomes = Promise.allSettled([quick, stuck, waiting]);
  await queue.close(0.1);
  const [first, second, third] = await outcomes;
  assert.deepEqual(first, { status: "fulfilled", value: "done" });
  assert.equal(second.status, "rejected");
  assert.equal(third.status, "rejected");
  await assert.rejects(
    queue.run(async () => 1, signal),
    /closing/,
  );
});

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
