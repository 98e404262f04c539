import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RequestError } from "../../../../server/errors.js";
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
