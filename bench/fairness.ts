import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { serve } from "../server/index.js";
import { machine } from "./machine.js";

// Thirty viewers request a segment every nine seconds, first alone and then beside three rude clients, which keep 120
// connections busy and claim that each request is urgent. Reports the 95th percentile of the viewers' response times.
// SIEDD_INTERVAL sets the seconds between two requests of a viewer, for machines that are too slow or busy for nine.

const VIEWERS = 30;
const RUDE_CONNECTIONS = 120;
const RUDE_CLIENTS = 3;
const INTERVAL_MS = 1000 * Number(process.env.SIEDD_INTERVAL ?? 9);
const SECONDS = Math.max(30, (2 * INTERVAL_MS) / 1000);
const SEGMENTS = 120;

interface Outcome {
  readonly status: number;
  readonly milliseconds: number;
}

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
const clip = `testsrc2=s=640x360:r=25:d=${SEGMENTS}`;
const video = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", join(folder, "video.mp4")];
await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", clip, ...video]);
const server = await serve({ root: folder, port: 0, trustProxy: true, cacheBytes: 0, prefetch: 0 });
const { hostname: host, port } = new URL(server.url);
const agent = new Agent({ keepAlive: true });

/** Requests a segment as a client with this address. */
function fetchSegment(path: string, client: string, headers: Record<string, string> = {}): Promise<Outcome> {
  const started = performance.now();
  return new Promise((resolve) => {
    const finish = (status: number) => resolve({ status, milliseconds: performance.now() - started });
    const options = { host, port, path, agent, headers: { "x-forwarded-for": client, ...headers } };
    request(options, (response) => {
      response.resume();
      response.once("end", () => finish(response.statusCode ?? 0));
      response.once("error", () => finish(0));
    })
      .once("error", () => finish(0))
      .end();
  });
}

async function watch(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const end = performance.now() + SECONDS * 1000;
  const viewer = async (index: number) => {
    await sleep((INTERVAL_MS * index) / VIEWERS);
    for (let segment = 3 * index; performance.now() < end; segment++) {
      const path = `/video/full/${160 + 2 * index},90/seg-${segment % SEGMENTS}.m4s`;
      const outcome = await fetchSegment(path, `10.0.0.${index}`);
      outcomes.push(outcome);
      await sleep(Math.max(0, INTERVAL_MS - outcome.milliseconds));
    }
  };
  await Promise.all(Array.from({ length: VIEWERS }, (_, index) => viewer(index)));
  return outcomes;
}

let stopped = false;
async function beRude(connection: number): Promise<void> {
  for (let segment = 7 * connection; !stopped; segment++) {
    const path = `/video/full/${200 + 2 * (connection % 60)},112/seg-${segment % SEGMENTS}.m4s`;
    const { status } = await fetchSegment(path, `10.1.0.${connection % RUDE_CLIENTS}`, {
      "cmcd-request": "su",
    });
    if (status !== 200) await sleep(50);
  }
}

function summarize(outcomes: readonly Outcome[]) {
  const times = outcomes.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return {
    requests: outcomes.length,
    failed: outcomes.filter(({ status }) => status !== 200).length,
    p95Ms: Math.round(times[Math.floor(0.95 * times.length)]),
  };
}

await watch();
const quiet = summarize(await watch());
const rude = Array.from({ length: RUDE_CONNECTIONS }, (_, connection) => beRude(connection));
const beside = summarize(await watch());
stopped = true;
await Promise.all(rude);
await server.close();
await rm(folder, { recursive: true, force: true });
const ratio = beside.p95Ms / quiet.p95Ms;
process.stdout.write(`${JSON.stringify({ bench: "fairness", machine: machine(), quiet, beside, ratio })}\n`);
process.exit(0);
