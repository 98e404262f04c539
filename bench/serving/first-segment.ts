import { serve } from "../../server/index.js";
import { rounded } from "../machine.js";
import { median } from "./video.js";

const ROUNDS = 5;

async function milliseconds(url: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return performance.now() - started;
}

/** How long a player waits for the beginning of a video, of a server that has just started and the second time. */
export async function firstSegment(
  root: string,
  { width, height, size }: { readonly width: number; readonly height: number; readonly size: string },
) {
  const [first, start, again]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const server = await serve({ root, port: 0, prefetch: 0 });
    const folder = `${server.url}video/full/${size}/`;
    // What a player does before its first picture, one after the other.
    let before = 0;
    for (const name of ["index.m3u8", "init.mp4"]) before += await milliseconds(folder + name);
    const segment = await milliseconds(`${folder}seg-0.m4s`);
    first.push(segment);
    start.push(before + segment);
    for (let i = 0; i < 10; i++) again.push(await milliseconds(`${folder}seg-0.m4s`));
    await server.close();
  }
  const ms = (values: number[]) => rounded(median(values), 1);
  return { width, height, firstSegmentMs: ms(first), startMs: ms(start), againMs: ms(again) };
}
