import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RequestError } from "../../../../server/errors.js";
import { withJobContext } from "../../../../server/scheduling/job-context.js";
import { WorkQueue } from "../../../../server/scheduling/queue.js";
import { deferred, untilAborted } from "../../../support/deferred.js";

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
  const first = queue.run(untilAborted, controller.signal);
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
  const first = queue.run(untilAborted, running.signal);
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
  const stuck = queue.run(untilAborted, signal);
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

/** A queue with one slot that is occupied until `gate` resolves, and the order in which its jobs start. */
function occupiedQueue(maxQueue = 50) {
  const queue = new WorkQueue({ concurrency: 1, maxQueue, maxQueueSeconds: 60 });
  const gate = deferred();
  const order: string[] = [];
  const signalOf = (client: string, deadline: number) =>
    withJobContext(new AbortController().signal, { client, deadline, priority: "foreground" });
  const first = queue.run(() => gate.promise, signalOf("first", 0));
  const add = (name: string, client: string, deadline = 0, cost = 0) =>
    queue.run(async () => void order.push(name), signalOf(client, deadline), cost);
  return { queue, gate, order, first, add };
}

test("clients take turns, and a deadline reorders only the jobs of its own client", async () => {
  const { gate, order, first, add } = occupiedQueue();
  const jobs = [
    ...[40, 30, 20, 10].map((deadline) => add(`rude ${deadline}`, "rude", deadline)),
    add("a 1", "a", 1000),
    add("b 1", "b", 2000),
    add("a 0", "a", 900),
  ];
  gate.resolve();
  await Promise.all([first, ...jobs]);
  assert.deepEqual(order, ["rude 10", "a 0", "b 1", "rude 20", "a 1", "rude 30", "rude 40"]);
});

test("turns are weighted by cost: many small jobs pass while a client pays for a large one", async () => {
  const { gate, order, first, add } = occupiedQueue();
  const jobs = [add("large 1", "rude", 0, 8_000_000), add("large 2", "rude", 0, 8_000_000)];
  for (let i = 0; i < 4; i++) jobs.push(add(`small ${i}`, "viewer", 0, 500_000));
  gate.resolve();
  await Promise.all([first, ...jobs]);
  assert.deepEqual(order, ["large 1", "small 0", "small 1", "small 2", "small 3", "large 2"]);
});

test("a full queue gives up the last job of the client with the most jobs", async () => {
  const { queue, gate, order, first, add } = occupiedQueue(3);
  const rude = [1, 2, 3].map((deadline) => add(`rude ${deadline}`, "rude", deadline));
  await assert.rejects(add("rude 4", "rude", 0), isBusy);
  const last = assert.rejects(rude[2]!, isBusy);
  const viewer = add("viewer", "viewer", 100);
  await last;
  assert.equal(queue.waiting, 3);
  await assert.rejects(add("rude 5", "rude", 0), isBusy);
  gate.resolve();
  await Promise.all([first, rude[0], rude[1], viewer]);
  assert.deepEqual(order, ["rude 1", "viewer", "rude 2"]);
});

test("long jobs never run in all slots", async () => {
  const queue = new WorkQueue({ concurrency: 2, maxQueue: 9, maxQueueSeconds: 60 });
  const { signal } = new AbortController();
  await queue.run(() => sleep(20), signal, 1_000_000);
  // More than a second at the rate of the first job.
  const longCost = 1_000_000_000;
  const gate = deferred();
  const long = [1, 2, 3].map(() => queue.run(() => gate.promise, signal, longCost));
  assert.deepEqual([queue.running, queue.waiting], [1, 2]);
  assert.equal(await queue.run(async () => "short", signal, 1000), "short");
  gate.resolve();
  await Promise.all(long);
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

test("a client with far more work than the others leaves them the last slot", async () => {
  const queue = new WorkQueue({ concurrency: 2, maxQueue: 9, maxQueueSeconds: 60 });
  const signalOf = (client: string) =>
    withJobContext(new AbortController().signal, { client, deadline: 0, priority: "foreground" });
  const gate = deferred();
  const hold = () => queue.run(() => gate.promise, signalOf("rude"), 50_000_000);
  // A single client has all slots.
  const rude = [hold(), hold()];
  assert.equal(queue.running, 2);
  gate.resolve();
  await Promise.all(rude);
  for (const client of ["a", "b", "c"]) await queue.run(async () => client, signalOf(client));
  const second = deferred();
  const held = [1, 2].map(() => queue.run(() => second.promise, signalOf("rude"), 50_000_000));
  assert.deepEqual([queue.running, queue.waiting], [1, 1]);
  assert.equal(await queue.run(async () => "served", signalOf("a")), "served");
  second.resolve();
  await Promise.all(held);
  assert.equal(queue.running, 0);
});
