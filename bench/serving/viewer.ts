import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../encoder/training/sampling/random.js";

/** Statistics of all viewers of a run. */
export interface ViewerStats {
  /** Responses with status 200. */
  responses: number;
  /** Responses with status 503. */
  busy: number;
  /** Requests that the viewer aborted. */
  aborted: number;
  /** Messages about unexpected responses. */
  readonly errors: string[];
  /** SHA-256 of the bytes of each URL. */
  readonly hashes: Map<string, string>;
  /** Milliseconds from each successful request to its last byte. */
  readonly milliseconds: number[];
}

export interface ViewerOptions {
  /** URL of the video, with a trailing slash. */
  readonly video: string;
  readonly version: string;
  readonly segments: number;
  /** Sizes as in URLs. */
  readonly sizes: readonly string[];
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Duration of a segment, seconds. */
const SEGMENT_SECONDS = 1;
/** Maximum buffer of a viewer, seconds. */
const BUFFER_SECONDS = 4;

/**
 * Simulates a viewer that plays with a buffer of four seconds, and sometimes seeks, resizes its window, or aborts a
 * request. It retries after a 503 as hls.js does.
 */
export async function simulateViewer(options: ViewerOptions, stats: ViewerStats): Promise<void> {
  const { video, version, segments, sizes, random, signal } = options;
  const chance = (probability: number) => random.uniform() < probability;
  const pick = (count: number) => random.intBelow(count);
  let size = pick(sizes.length);
  let next = pick(segments);
  let buffered = 0;
  let previous = performance.now();
  while (!signal.aborted) {
    const now = performance.now();
    buffered = Math.max(0, buffered - (now - previous) / 1000);
    previous = now;
    if (chance(0.04)) {
      next = pick(segments);
      buffered = 0;
    }
    if (chance(0.05)) size = pick(sizes.length);
    if (buffered > BUFFER_SECONDS) {
      await sleep(1000 * (buffered - BUFFER_SECONDS) + 5, undefined, { signal }).catch(() => {});
      continue;
    }
    const path = `full/${sizes[size]}/elastic-${next}.m4s`;
    const abortEarly = chance(0.02);
    const result = await requestSegment(
      { url: `${video}${path}?v=${version}`, path, buffered, abortEarly, signal },
      stats,
    );
    if (result === "loaded") {
      buffered += SEGMENT_SECONDS;
      next = (next + 1) % segments;
    } else if (result === "aborted") next = pick(segments);
    else await sleep(1000 * result, undefined, { signal }).catch(() => {});
  }
}

interface SegmentRequest {
  readonly url: string;
  /** Key of the URL in the statistics. */
  readonly path: string;
  /** Seconds in the buffer, sent as CMCD. */
  readonly buffered: number;
  /** Whether to abort the request after 30 ms. */
  readonly abortEarly: boolean;
  readonly signal: AbortSignal;
}

/** Requests a segment. If that fails, returns the seconds to wait before a retry. */
async function requestSegment(
  { url, path, buffered, abortEarly, signal }: SegmentRequest,
  stats: ViewerStats,
): Promise<"loaded" | "aborted" | number> {
  const abort = new AbortController();
  const timer = abortEarly ? setTimeout(() => abort.abort(), 30) : undefined;
  const started = performance.now();
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, abort.signal]),
      headers: { "cmcd-request": `dl=${Math.round(buffered * 10) * 100}${buffered === 0 ? ",su" : ""}` },
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.status === 503) {
      const retryAfter = Number(response.headers.get("retry-after"));
      if (!(retryAfter >= 1)) stats.errors.push(`${path}: 503 without Retry-After`);
      stats.busy++;
      return Math.min(retryAfter, 8);
    }
    if (response.status !== 200) {
      stats.errors.push(`${path}: ${response.status} ${Buffer.from(bytes).toString()}`);
      return 1;
    }
    const hash = createHash("sha256").update(bytes).digest("base64");
    const previousHash = stats.hashes.get(path);
    if (previousHash !== undefined && previousHash !== hash) stats.errors.push(`${path}: bytes differ`);
    stats.hashes.set(path, hash);
    stats.responses++;
    stats.milliseconds.push(performance.now() - started);
    return "loaded";
  } catch (error) {
    if (signal.aborted || abort.signal.aborted) {
      stats.aborted++;
      return "aborted";
    }
    stats.errors.push(`${path}: ${error instanceof Error ? `${error.message} ${error.cause ?? ""}` : error}`);
    return 1;
  } finally {
    clearTimeout(timer);
  }
}
