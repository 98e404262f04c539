import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Worker } from "node:worker_threads";
import { remaining } from "../../support/child-processes.js";
import { testServer } from "../../support/running-server.js";
import { until } from "../../support/wait-until.js";

const VIDEO = { width: 160, height: 90, groups: [60, 10] };
const LONG = "video/full/%5E960,540/seg-0.m4s";

/** Calls `arrived` with each thread of this process from then on, as soon as it can run tasks. Returns what ends that. */
function onThread(arrived: (thread: Worker) => void): () => void {
  const watch = (worker: Worker) => worker.once("message", () => arrived(worker));
  process.on("worker", watch);
  return () => void process.removeListener("worker", watch);
}

/** Process ids of the ffmpeg children of this process. */
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

test("a thread that dies is replaced and its frames are decoded once more: the answer is the same", async (t) => {
  const threads: Worker[] = [];
  t.after(onThread((thread) => threads.push(thread)));
  const server = await testServer(t, { video: VIDEO }, { cacheBytes: 0, workers: 1 });
  await until(() => threads.length === 1, "the thread has come");
  const quiet = await server.get(LONG);
  const disturbed = server.get(LONG);
  await until(() => encoders().length > 0, "the decode is under way");
  await threads[0]?.terminate();
  const answer = await disturbed;
  assert.equal(answer.status, 200);
  assert.ok(answer.body.equals(quiet.body));
  assert.equal(threads.length, 2);
});

test("frames over which two threads die are 500 with a code, and the next request is served", async (t) => {
  const threads: Worker[] = [];
  const end = onThread((thread) => threads.push(thread));
  const server = await testServer(t, { video: VIDEO }, { workers: 1 });
  await until(() => threads.length === 1, "the thread has come");
  end();
  const doomed = server.get(LONG);
  await until(() => encoders().length > 0, "the decode is under way");
  // Whatever takes the place of the first one dies as it arrives, with the run that it has just been given.
  const endAll = onThread((thread) => void thread.terminate());
  t.after(endAll);
  await threads[0]?.terminate();
  const answer = await doomed;
  endAll();
  assert.deepEqual([answer.status, answer.code], [500, "worker-died"]);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(await remaining("ffmpeg"), 0);
  assert.equal((await server.get("video/full/160,90/seg-1.m4s")).status, 200);
});

test("an ffmpeg that is killed is started once more, a second time it is 500 with a code", async (t) => {
  const server = await testServer(t, { video: VIDEO }, { cacheBytes: 0 });
  const quiet = await server.get(LONG);
  const killEncoder = async (but?: number) => {
    await until(() => encoders().some((pid) => pid !== but), "ffmpeg runs");
    const [pid] = encoders().filter((found) => found !== but);
    process.kill(pid as number, "SIGKILL");
    return pid;
  };
  const mended = server.get(LONG);
  await killEncoder();
  const answer = await mended;
  assert.equal(answer.status, 200);
  assert.ok(answer.body.equals(quiet.body));

  const doomed = server.get(LONG);
  await killEncoder(await killEncoder());
  const failed = await doomed;
  assert.deepEqual([failed.status, failed.code], [500, "ffmpeg-killed"]);
  assert.equal(await remaining("ffmpeg"), 0);
});
