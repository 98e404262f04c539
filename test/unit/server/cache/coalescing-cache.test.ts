import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CoalescingCache } from "../../../../server/cache/coalescing-cache.js";
import { untilAborted } from "../../../support/deferred.js";

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
    return untilAborted(signal);
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
