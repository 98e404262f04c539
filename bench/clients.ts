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
import { type Seen, view } from "./serving/viewer.js";

// Many viewers that play, seek and resize: every answer must be right and the server's memory must stay. Their number
// and the seconds by SIEDD_CLIENTS and SIEDD_SECONDS, the seed by SIEDD_SEED.

const clients = Number(process.env.SIEDD_CLIENTS ?? 50);
const seconds = Number(process.env.SIEDD_SECONDS ?? 120);
const seed = Number(process.env.SIEDD_SEED ?? 1);
const SEGMENTS = 30;
/** Less than all that is asked for takes, so that much is computed again. */
const CACHE = 8 * 1024 * 1024;
/** Of how many URLs a quiet server's bytes are compared. */
const COMPARED = 60;
const SIZES = [64, 96, 128, 160, 192, 224, 256, 288, 320].map((w) => `${w},${2 * Math.round((w * 9) / 32)}`);

async function residentMegabytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  await writeFile(join(root, "video.siedd"), randomAsset(NETWORK, FRAME, 8, SEGMENTS, 25));
  const child = fork(new URL("./serving/one-server.js", import.meta.url), [root, `${CACHE}`]);
  const [{ url }] = (await once(child, "message")) as [{ url: string }];
  const video = `${url}video/`;
  const info = (await (await fetch(`${video}info.json`)).json()) as { v: string; segments: unknown[] };

  const seen: Seen = { answers: 0, busy: 0, aborted: 0, errors: [], hashes: new Map(), milliseconds: [] };
  const signal = AbortSignal.timeout(seconds * 1000);
  // Each viewer listens, and each of its requests.
  setMaxListeners(0, signal);
  const memory: number[] = [];
  const timer = setInterval(async () => memory.push(await residentMegabytes(child.pid)), 1000);
  await Promise.all(
    Array.from({ length: clients }, (_, i) => {
      const viewer = { video, version: info.v, segments: info.segments.length, sizes: SIZES };
      return view({ ...viewer, random: new Random(seed * 1000 + i), signal }, seen);
    }),
  );
  clearInterval(timer);
  const metrics = await (await fetch(`${url}metrics`)).text();
  child.disconnect();
  await once(child, "exit");

  const quiet = await serve({ root, port: 0, prefetch: 0 });
  let different = 0;
  const asked = [...seen.hashes];
  const step = Math.max(1, Math.floor(asked.length / COMPARED));
  const compared = asked.filter((_, i) => i % step === 0);
  for (const [path, hash] of compared) {
    const bytes = new Uint8Array(await (await fetch(`${quiet.url}video/${path}`)).arrayBuffer());
    if (createHash("sha256").update(bytes).digest("base64") !== hash) different++;
  }
  await quiet.close();

  const sorted = seen.milliseconds.sort((a, b) => a - b);
  const at = (share: number) => rounded(sorted[Math.floor(sorted.length * share)] ?? Number.NaN, 0);
  const quarter = Math.floor(memory.length / 4);
  const part = (n: number) => rounded(mean(memory.slice(n * quarter, (n + 1) * quarter)), 0);
  const counter = (name: string) =>
    Number(new RegExp(`^${name} (\\d+)`, "m").exec(metrics)?.[1] ?? Number.NaN);
  const result = {
    ...{ clients, seconds, seed, answers: seen.answers, urls: seen.hashes.size },
    ...{
      busy: seen.busy,
      hungUp: seen.aborted,
      errors: seen.errors.length,
      firstErrors: seen.errors.slice(0, 5),
    },
    ...{ comparedWithQuiet: compared.length, different },
    ...{ medianMs: at(0.5), p99Ms: at(0.99) },
    memoryMegabytesByQuarter: [0, 1, 2, 3].map(part),
    computed: counter('siedd_cache_requests_total\\{from="computed"\\}'),
    fromMemory: counter('siedd_cache_requests_total\\{from="memory"\\}'),
    coalesced: counter('siedd_cache_requests_total\\{from="coalesced"\\}'),
    evicted: counter('siedd_cache_evictions_total\\{tier="memory"\\}'),
    aborted: counter("siedd_aborted_work_total"),
  };
  process.stdout.write(`${JSON.stringify({ bench: "clients", machine: machine(), ...result })}\n`);
  if (different > 0 || seen.errors.length > 0) process.exitCode = 1;
} finally {
  await rm(root, { recursive: true, force: true });
}
