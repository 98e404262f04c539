import { serve } from "../../server/index.js";
import { rounded } from "../machine.js";
import { median } from "./video.js";

const RUNS = 5;

/** Measures the milliseconds of a request. */
async function measureRequest(url: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return performance.now() - started;
}

/** Measures how long a player waits for the first segment after the start of a server, and for the cached segment. */
export async function measureFirstSegment(
  root: string,
  { width, height, size }: { readonly width: number; readonly height: number; readonly size: string },
) {
  const times = { first: [] as number[], start: [] as number[], cached: [] as number[] };
  for (let run = 0; run < RUNS; run++) {
    const server = await serve({ root, port: 0, prefetch: 0 });
    const folder = `${server.url}video/full/${size}/`;
    // A player requests these files in sequence before its first segment.
    let before = 0;
    for (const name of ["index.m3u8", "init.mp4"]) before += await measureRequest(folder + name);
    const segment = await measureRequest(`${folder}seg-0.m4s`);
    times.first.push(segment);
    times.start.push(before + segment);
    for (let i = 0; i < 10; i++) times.cached.push(await measureRequest(`${folder}seg-0.m4s`));
    await server.close();
  }
  const ms = (values: number[]) => rounded(median(values), 1);
  return {
    width,
    height,
    firstSegmentMs: ms(times.first),
    startMs: ms(times.start),
    cachedMs: ms(times.cached),
  };
}
