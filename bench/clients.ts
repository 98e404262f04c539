import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once, setMaxListeners } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../encoder/training/sampling/random.js";
import { serve } from "../server/index.js";
import { randomAsset } from "./decoding/random-asset.js";
import { machine, rounded } from "./machine.js";
import { FRAME, NETWORK } from "./serving/video.js";
import { simulateViewer, type ViewerStats } from "./serving/viewer.js";

// Load test with many viewers that play, seek and resize: every response must be correct, and memory must not grow.
// SIEDD_CLIENTS sets the number of viewers, SIEDD_SECONDS the duration, SIEDD_SEED the random seed.

const clients = Number(process.env.SIEDD_CLIENTS ?? 50);
const seconds = Number(process.env.SIEDD_SECONDS ?? 120);
const seed = Number(process.env.SIEDD_SEED ?? 1);
const SEGMENTS = 30;
/** Cache size in bytes. It is smaller than all requested segments together, so that many are computed again. */
const CACHE_BYTES = 8 * 1024 * 1024;
/** Number of URLs whose bytes are compared with those of an idle server. */
const COMPARED = 60;
const SIZES = [64, 96, 128, 160, 192, 224, 256, 288, 320].map((w) => `${w},${2 * Math.round((w * 9) / 32)}`);

async function residentMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  await writeFile(
    join(root, "video.siedd"),
    randomAsset({ network: NETWORK, frame: FRAME, tileWidth: 8, groups: SEGMENTS, frameCount: 25 }),
  );
  const child = fork(new URL("./serving/one-server.js", import.meta.url), [root, `${CACHE_BYTES}`]);
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  const video = `${url}video/`;
  const info = (await (await fetch(`${video}info.json`)).json()) as { v: string; segments: unknown[] };

  const stats: ViewerStats = {
    responses: 0,
    busy: 0,
    aborted: 0,
    errors: [],
    hashes: new Map(),
    milliseconds: [],
  };
  const signal = AbortSignal.timeout(seconds * 1000);
  // Every viewer and every request adds a listener.
  setMaxListeners(0, signal);
  const memory: number[] = [];
  const timer = setInterval(async () => memory.push(await residentMegabytes(child.pid)), 1000);
  await Promise.all(
    Array.from({ length: clients }, (_, i) => {
      const viewer = { video, version: info.v, segments: info.segments.length, sizes: SIZES };
      return simulateViewer({ ...viewer, random: new Random(seed * 1000 + i), signal }, stats);
    }),
  );
  clearInterval(timer);
  const metrics = await (await fetch(`${url}metrics`)).text();
  child.disconnect();
  await once(child, "exit");

  const idleServer = await serve({ root, port: 0, prefetch: 0 });
  let different = 0;
  const requested = [...stats.hashes];
  const step = Math.max(1, Math.floor(requested.length / COMPARED));
  const compared = requested.filter((_, i) => i % step === 0);
  for (const [path, hash] of compared) {
    const bytes = new Uint8Array(await (await fetch(`${idleServer.url}video/${path}`)).arrayBuffer());
    if (createHash("sha256").update(bytes).digest("base64") !== hash) different++;
  }
  await idleServer.close();

  const sorted = stats.milliseconds.sort((a, b) => a - b);
  const percentile = (fraction: number) =>
    rounded(sorted[Math.floor(sorted.length * fraction)] ?? Number.NaN, 0);
  const quarter = Math.floor(memory.length / 4);
  const meanOfQuarter = (n: number) => rounded(mean(memory.slice(n * quarter, (n + 1) * quarter)), 0);
  const counter = (name: string) =>
    Number(new RegExp(`^${name} (\\d+)`, "m").exec(metrics)?.[1] ?? Number.NaN);
  const result = {
    clients,
    seconds,
    seed,
    responses: stats.responses,
    urls: stats.hashes.size,
    busy: stats.busy,
    aborted: stats.aborted,
    errors: stats.errors.length,
    firstErrors: stats.errors.slice(0, 5),
    compared: compared.length,
    different,
    medianMs: percentile(0.5),
    p99Ms: percentile(0.99),
    memoryMegabytesByQuarter: [0, 1, 2, 3].map(meanOfQuarter),
    computed: counter('siedd_cache_requests_total\\{from="computed"\\}'),
    fromMemory: counter('siedd_cache_requests_total\\{from="memory"\\}'),
    coalesced: counter('siedd_cache_requests_total\\{from="coalesced"\\}'),
    evicted: counter('siedd_cache_evictions_total\\{tier="memory"\\}'),
    abortedWork: counter("siedd_aborted_work_total"),
  };
  process.stdout.write(`${JSON.stringify({ bench: "clients", machine: machine(), ...result })}\n`);
  if (different > 0 || stats.errors.length > 0) process.exitCode = 1;
} finally {
  await rm(root, { recursive: true, force: true });
}
