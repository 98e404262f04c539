import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../encoder/training/sampling/random.js";

/** What all viewers of a run saw. */
export interface Seen {
  answers: number;
  busy: number;
  aborted: number;
  /** In the middle of playing, because of anything but a 503: sentences. */
  readonly errors: string[];
  /** SHA-256 of the bytes of each URL. */
  readonly hashes: Map<string, string>;
  /** Milliseconds from each request to the last byte, without those that were refused. */
  readonly milliseconds: number[];
}

export interface ViewerOptions {
  /** Of the video, with a slash at the end. */
  readonly video: string;
  readonly version: string;
  readonly segments: number;
  /** As they stand in URLs. */
  readonly sizes: readonly string[];
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Seconds of a segment, and how far ahead of the picture a player loads. */
const SEGMENT = 1;
const BUFFER = 4;

/**
 * One viewer: plays with four seconds of buffer, seeks now and then, resizes its window now and then, and hangs up on
 * what it wants no more. A 503 is waited out as hls.js does.
 */
export async function view(options: ViewerOptions, seen: Seen): Promise<void> {
  const { video, version, segments, sizes, random, signal } = options;
  const chance = () => (random.integer32() >>> 0) / 2 ** 32;
  const pick = (count: number) => Math.floor(chance() * count);
  let size = pick(sizes.length);
  let next = pick(segments);
  let buffered = 0;
  let at = performance.now();
  while (!signal.aborted) {
    const now = performance.now();
    buffered = Math.max(0, buffered - (now - at) / 1000);
    at = now;
    if (chance() < 0.04) {
      next = pick(segments);
      buffered = 0;
    }
    if (chance() < 0.05) size = pick(sizes.length);
    if (buffered > BUFFER) {
      await sleep(1000 * (buffered - BUFFER) + 5, undefined, { signal }).catch(() => {});
      continue;
    }
    const path = `full/${sizes[size]}/elastic-${next}.m4s`;
    const outcome = await ask(`${video}${path}?v=${version}`, path, buffered, chance() < 0.02, seen, signal);
    if (outcome === "played") {
      buffered += SEGMENT;
      next = (next + 1) % segments;
    } else if (outcome === "gone") next = pick(segments);
    else await sleep(1000 * outcome, undefined, { signal }).catch(() => {});
  }
}

/** `played`, `gone` (the viewer hung up), or seconds to wait for. */
async function ask(
  url: string,
  path: string,
  buffered: number,
  leave: boolean,
  seen: Seen,
  signal: AbortSignal,
): Promise<"played" | "gone" | number> {
  const leaving = new AbortController();
  const timer = leave ? setTimeout(() => leaving.abort(), 30) : undefined;
  const started = performance.now();
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, leaving.signal]),
      headers: { "cmcd-request": `dl=${Math.round(buffered * 10) * 100}${buffered === 0 ? ",su" : ""}` },
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 503) {
      const wait = Number(response.headers.get("retry-after"));
      if (!(wait >= 1)) seen.errors.push(`${path}: 503 without Retry-After`);
      seen.busy++;
      return Math.min(wait, 8);
    }
    if (response.status !== 200) {
      seen.errors.push(`${path}: ${response.status} ${Buffer.from(bytes).toString()}`);
      return 1;
    }
    const hash = createHash("sha256").update(bytes).digest("base64");
    const known = seen.hashes.get(path);
    if (known !== undefined && known !== hash) seen.errors.push(`${path}: other bytes than before`);
    seen.hashes.set(path, hash);
    seen.answers++;
    seen.milliseconds.push(performance.now() - started);
    return "played";
  } catch (error) {
    if (signal.aborted || leaving.signal.aborted) {
      seen.aborted++;
      return "gone";
    }
    seen.errors.push(`${path}: ${error instanceof Error ? `${error.message} ${error.cause ?? ""}` : error}`);
    return 1;
  } finally {
    clearTimeout(timer);
  }
}
