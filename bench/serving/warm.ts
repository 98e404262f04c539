import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import autocannon from "autocannon";
import { rounded } from "../machine.js";
import { median } from "./video.js";

const RUNS = 5;
const SECONDS = 2;
const CONNECTIONS = 16;

interface LoadResult {
  /** Requests per second. */
  readonly rate: number;
  /** 99th percentile of the latency, milliseconds. */
  readonly p99: number;
  /** CPU time of the server per request, milliseconds. It depends least on other load. */
  readonly cpu: number;
}

async function cpuMilliseconds(child: ChildProcess): Promise<number> {
  child.send("cpu");
  const [{ user, system }] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return (user + system) / 1000;
}

async function runLoad(child: ChildProcess, url: string, duration: number): Promise<LoadResult> {
  const before = await cpuMilliseconds(child);
  const { requests, latency, errors, non2xx } = await autocannon({ url, connections: CONNECTIONS, duration });
  if (errors + non2xx > 0) throw new Error(`${url}: ${errors} errors, ${non2xx} responses that are not 2xx`);
  const cpu = (await cpuMilliseconds(child)) - before;
  return { rate: requests.average, p99: latency.p99, cpu: cpu / requests.total };
}

/** Measures requests per second for a cached segment, and for @fastify/static with the same bytes. The two alternate. */
export async function measureWarmSegment(asset: string, path: string) {
  const child = fork(new URL("two-servers.js", import.meta.url), [asset, path]);
  try {
    const [urls] = (await once(child, "message")) as [{ siedd: string; static: string; bytes: number }];
    const sieddResults: LoadResult[] = [];
    const staticResults: LoadResult[] = [];
    // Warms up the JIT compiler.
    for (const url of [urls.siedd, urls.static]) await runLoad(child, url, 1);
    for (let run = 0; run < RUNS; run++) {
      sieddResults.push(await runLoad(child, urls.siedd, SECONDS));
      staticResults.push(await runLoad(child, urls.static, SECONDS));
    }
    const rate = (results: readonly LoadResult[]) => rounded(median(results.map((result) => result.rate)), 0);
    const p99 = (results: readonly LoadResult[]) => rounded(median(results.map((result) => result.p99)), 1);
    const cpu = (results: readonly LoadResult[]) => rounded(median(results.map((result) => result.cpu)), 3);
    const ratios = sieddResults.map((result, i) => result.rate / (staticResults[i]?.rate ?? Number.NaN));
    return {
      segmentBytes: urls.bytes,
      connections: CONNECTIONS,
      requestsPerSecond: rate(sieddResults),
      staticRequestsPerSecond: rate(staticResults),
      ratioToStatic: rounded(median(ratios)),
      p99Ms: p99(sieddResults),
      staticP99Ms: p99(staticResults),
      cpuMsPerRequest: cpu(sieddResults),
      staticCpuMsPerRequest: cpu(staticResults),
    };
  } finally {
    child.disconnect();
    await once(child, "exit");
  }
}
