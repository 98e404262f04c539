import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { remainingProcesses } from "../../support/child-processes.js";
import { testServer } from "../../support/running-server.js";
import { waitUntil } from "../../support/wait-until.js";

const VIDEO = { width: 160, height: 90, groups: [60, 10] };
const LONG = "video/full/%5E960,540/seg-0.m4s";

/** Calls `onReady` with each new thread of this process once it can run tasks. Returns a function that stops this. */
function onThread(onReady: (thread: Worker) => void): () => void {
  const listener = (worker: Worker) => worker.once("message", () => onReady(worker));
  process.on("worker", listener);
  return () => void process.removeListener("worker", listener);
}

/** Returns the process ids of the ffmpeg children of this process. */
const encoders = (): number[] =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const [, name, state, parent] =
          /\((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return name === "ffmpeg" && state !== "Z" && Number(parent) === process.pid ? [Number(pid)] : [];
      } catch {
        return [];
      }
    });

test("a crashed thread is replaced, and the retried response has identical bytes", async (t) => {
  const threads: Worker[] = [];
  t.after(onThread((thread) => threads.push(thread)));
  const server = await testServer(t, { video: VIDEO }, { cacheBytes: 0, workers: 1 });
  await waitUntil(() => threads.length === 1, "the thread is ready");
  const expected = await server.get(LONG);
  const pending = server.get(LONG);
  await waitUntil(() => encoders().length > 0, "decoding is in progress");
  await threads[0]?.terminate();
  const response = await pending;
  assert.equal(response.status, 200);
  assert.ok(response.body.equals(expected.body));
  assert.equal(threads.length, 2);
});

test("a task that crashes two threads fails with 500 and a code, and the next request is served", async (t) => {
  const threads: Worker[] = [];
  const stop = onThread((thread) => threads.push(thread));
  const server = await testServer(t, { video: VIDEO }, { workers: 1 });
  await waitUntil(() => threads.length === 1, "the thread is ready");
  stop();
  const pending = server.get(LONG);
  await waitUntil(() => encoders().length > 0, "decoding is in progress");
  // The replacement of the first thread is terminated when it is ready, with its first task.
  const stopAll = onThread((thread) => void thread.terminate());
  t.after(stopAll);
  await threads[0]?.terminate();
  const response = await pending;
  stopAll();
  assert.deepEqual([response.status, response.code], [500, "worker-died"]);
  assert.equal(response.headers.get("cache-control"), "no-store");
  assert.equal(await remainingProcesses("ffmpeg"), 0);
  assert.equal((await server.get("video/full/160,90/seg-1.m4s")).status, 200);
});

test("ffmpeg is restarted once after a kill, and a second kill fails the request with 500 and a code", async (t) => {
  const server = await testServer(t, { video: VIDEO }, { cacheBytes: 0 });
  const expected = await server.get(LONG);
  const killEncoder = async (except?: number) => {
    await waitUntil(() => encoders().some((pid) => pid !== except), "ffmpeg runs");
    const [pid] = encoders().filter((running) => running !== except);
    process.kill(pid as number, "SIGKILL");
    return pid;
  };
  const retried = server.get(LONG);
  await killEncoder();
  const response = await retried;
  assert.equal(response.status, 200);
  assert.ok(response.body.equals(expected.body));

  const pending = server.get(LONG);
  await killEncoder(await killEncoder());
  const failed = await pending;
  assert.deepEqual([failed.status, failed.code], [500, "ffmpeg-killed"]);
  assert.equal(await remainingProcesses("ffmpeg"), 0);
});
