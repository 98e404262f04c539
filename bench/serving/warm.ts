import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { rounded } from "../machine.js";
import { median } from "./video.js";

const ROUNDS = 5;
const SECONDS = 2;
const CONNECTIONS = 16;

interface Load {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Milliseconds of processor time of the server a request: what other work on the machine changes least. */
  readonly cpu: number;
}

async function cpuMilliseconds(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [{ user, system }] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return (user + system) / 1000;
}

async function load(child: ChildProcess, url: string, duration: number): Promise<Load> {
  const before = await cpuMilliseconds(child);
  const { requests, latency, errors, non2xx } = await autocannon({ url, connections: CONNECTIONS, duration });
  if (errors + non2xx > 0) throw new Error(`${url}: ${errors} errors, ${non2xx} refusals`);
  const cpu = (await cpuMilliseconds(child)) - before;
  return { rate: requests.average, p99: latency.p99, cpu: cpu / requests.total };
}

/** Requests a second for one segment that is in memory, beside @fastify/static on the same bytes, in turns. */
export async function warm(asset: string, path: string) {
  const child = fork(new URL("two-servers.js", import.meta.url), [asset, path]);
  try {
    const [servers] = (await once(child, "message")) as [{ ours: string; plain: string; bytes: number }];
    const ours: Load[] = [];
    const plain: Load[] = [];
    // Compiled before it is measured.
    for (const url of [servers.ours, servers.plain]) await load(child, url, 1);
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await load(child, servers.ours, SECONDS));
      plain.push(await load(child, servers.plain, SECONDS));
    }
    const rate = (loads: readonly Load[]) => rounded(median(loads.map((one) => one.rate)), 0);
    const p99 = (loads: readonly Load[]) => rounded(median(loads.map((one) => one.p99)), 1);
    const cpu = (loads: readonly Load[]) => rounded(median(loads.map((one) => one.cpu)), 3);
    return {
      segmentBytes: servers.bytes,
      connections: CONNECTIONS,
      requestsPerSecond: rate(ours),
      staticRequestsPerSecond: rate(plain),
      timesStatic: rounded(median(ours.map((one, i) => one.rate / (plain[i]?.rate ?? Number.NaN)))),
      p99Ms: p99(ours),
      staticP99Ms: p99(plain),
      cpuMsPerRequest: cpu(ours),
      staticCpuMsPerRequest: cpu(plain),
    };
  } finally {
    child.disconnect();
    await once(child, "exit");
  }
}
