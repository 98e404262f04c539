import type { FastifyInstance, FastifyRequest } from "fastify";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { DiskCache } from "../cache/disk-cache.js";
import { http2Stream, isComplete } from "../http/is-complete.js";
import type { BlockCache } from "../library/block-cache.js";
import type { Origin } from "../library/origin.js";
import { routeOf } from "../request/video-router.js";
import type { Prefetcher } from "../scheduling/prefetcher.js";
import type { WorkQueue } from "../scheduling/queue.js";
import type { WorkEvent } from "./work-event.js";

/** Histogram buckets in seconds, from a memory hit to the longest wait. */
const BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16];

export interface MetricsDependencies {
  readonly queue: WorkQueue;
  readonly cache: CoalescingCache;
  readonly disk: DiskCache | undefined;
  readonly prefetcher: Prefetcher;
  readonly origins: readonly Origin[];
  readonly blocks: BlockCache;
}

/** The Prometheus metrics of one instance of the plugin. Every label has a bounded set of values. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #requests = new Counter({
    name: "siedd_requests_total",
    help: "Responses by route, method and status",
    labelNames: ["route", "method", "status"],
    registers: this.#registers,
  });
  readonly #requestSeconds = new Histogram({
    name: "siedd_request_seconds",
    help: "Seconds from a request to the end of its response",
    labelNames: ["route"],
    buckets: BUCKETS,
    registers: this.#registers,
  });
  readonly #abortedRequests = new Counter({
    name: "siedd_aborted_requests_total",
    help: "Requests whose client disconnected before the end of the response",
    labelNames: ["route"],
    registers: this.#registers,
  });
  readonly #errors = new Counter({
    name: "siedd_errors_total",
    help: "Error responses by code",
    labelNames: ["code"],
    registers: this.#registers,
  });
  readonly #workSeconds = new Histogram({
    name: "siedd_work_seconds",
    help: "Seconds of decoding and encoding by output type, without waiting in the queue",
    labelNames: ["type"],
    buckets: BUCKETS,
    registers: this.#registers,
  });
  readonly #frames = new Counter({
    name: "siedd_decoded_frames_total",
    help: "Frames decoded",
    labelNames: ["type"],
    registers: this.#registers,
  });
  readonly #pixels = new Counter({
    name: "siedd_decoded_pixels_total",
    help: "Output pixels decoded",
    labelNames: ["type"],
    registers: this.#registers,
  });
  readonly #bytes = new Counter({
    name: "siedd_work_bytes_total",
    help: "Bytes of computed segments and images",
    labelNames: ["type"],
    registers: this.#registers,
  });

  constructor({ queue, cache, disk, prefetcher, origins, blocks }: MetricsDependencies) {
    this.#gauge("siedd_queue_running", "Running jobs", () => queue.running);
    this.#gauge("siedd_queue_waiting", "Waiting jobs", () => queue.waiting);
    this.#labeledCounter(
      "siedd_prefetches_total",
      "Prefetches by outcome: started, finished, or dropped because a request preempted them",
      "outcome",
      () => ({ ...prefetcher.counts }),
    );
    this.#addCacheMetrics(cache, disk);
    if (origins.length > 0) this.#addOriginMetrics(origins, blocks);
  }

  #addCacheMetrics(cache: CoalescingCache, disk: DiskCache | undefined): void {
    const tiers = { memory: () => cache.counts, ...(disk !== undefined && { disk: () => disk.counts }) };
    const perTier = (key: "bytes" | "evicted") =>
      Object.fromEntries(Object.entries(tiers).map(([tier, counts]) => [tier, counts()[key]]));
    new Gauge({
      name: "siedd_cache_bytes",
      help: "Bytes cached in memory and on disk",
      labelNames: ["tier"],
      registers: this.#registers,
      collect() {
        for (const [tier, bytes] of Object.entries(perTier("bytes"))) this.set({ tier }, bytes);
      },
    });
    const evictionsHelp = "Cache entries evicted from memory and disk";
    this.#labeledCounter("siedd_cache_evictions_total", evictionsHelp, "tier", () => perTier("evicted"));
    const requestsHelp =
      "Cache lookups by source: memory, disk, a job in flight (coalesced), or a new job (computed)";
    this.#labeledCounter("siedd_cache_requests_total", requestsHelp, "from", () => {
      const { hits, coalesced, computed } = cache.counts;
      return { memory: hits, ...(disk && { disk: disk.counts.hits }), coalesced, computed };
    });
    const abortedHelp = "Jobs aborted because no request was waiting anymore";
    this.#counter("siedd_aborted_work_total", abortedHelp, () => cache.counts.aborted);
    if (disk !== undefined) {
      const failuresHelp = "Disk cache entries that could not be read or written";
      this.#counter("siedd_disk_cache_failures_total", failuresHelp, () => disk.counts.failed);
    }
  }

  #addOriginMetrics(origins: readonly Origin[], blocks: BlockCache): void {
    const sum = (key: "requests" | "failures" | "bytes") => () =>
      origins.reduce((total, { counts }) => total + counts[key], 0);
    this.#counter("siedd_origin_requests_total", "Requests to origin servers", sum("requests"));
    this.#counter("siedd_origin_failures_total", "Failed and timed-out origin requests", sum("failures"));
    this.#counter("siedd_origin_bytes_total", "Bytes received from origin servers", sum("bytes"));
    this.#gauge("siedd_blocks_bytes", "Bytes of origin blocks in memory", () => blocks.counts.bytes);
    const lookupsHelp = "Origin block reads by source: memory or origin";
    this.#labeledCounter("siedd_blocks_total", lookupsHelp, "from", () => {
      const { hits, fetched } = blocks.counts;
      return { memory: hits, origin: fetched };
    });
  }

  /** Adds the hooks that count the requests of the plugin's routes. */
  attach(app: FastifyInstance): void {
    const labelOf = (request: FastifyRequest) => {
      const route = routeOf(request);
      return route === undefined ? "none" : route.replace(/\(.*?\)/g, "") || "/";
    };
    app.addHook("onRequest", async (request, reply) => {
      reply.raw.once("close", () => {
        if (isComplete(reply.raw)) return;
        this.#abortedRequests.inc({ route: labelOf(request) });
      });
    });
    app.addHook("onResponse", async (request, reply) => {
      // Fastify also runs this hook for canceled HTTP/2 streams.
      if (http2Stream(reply.raw) !== undefined && !isComplete(reply.raw)) return;
      const route = labelOf(request);
      this.#requests.inc({ route, method: request.method, status: reply.statusCode });
      this.#requestSeconds.observe({ route }, reply.elapsedTime / 1000);
    });
  }

  recordWork({ type, width, height, frames, seconds, bytes }: WorkEvent): void {
    this.#workSeconds.observe({ type }, seconds);
    this.#frames.inc({ type }, frames);
    this.#pixels.inc({ type }, width * height * frames);
    this.#bytes.inc({ type }, bytes);
  }

  recordError(code: string): void {
    this.#errors.inc({ code });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Returns the metrics of this instance and of the process in the Prometheus text format. */
  async text(): Promise<string> {
    const texts = await Promise.all([this.#registry.metrics(), processRegistry().metrics()]);
    return texts.join("\n");
  }

  #gauge(name: string, help: string, read: () => number): void {
    const collect = function (this: Gauge) {
      this.set(read());
    };
    new Gauge({ name, help, registers: this.#registers, collect });
  }

  #counter(name: string, help: string, read: () => number): void {
    const collect = function (this: Counter) {
      this.reset();
      this.inc(read());
    };
    new Counter({ name, help, registers: this.#registers, collect });
  }

  /** @param read returns the counts by label value */
  #labeledCounter(name: string, help: string, label: string, read: () => Record<string, number>): void {
    const collect = function (this: Counter) {
      this.reset();
      for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
    };
    new Counter({ name, help, labelNames: [label], registers: this.#registers, collect });
  }
}

let sharedProcessRegistry: Registry | undefined;

/** Returns the metrics of this process: memory, CPU time, event-loop lag and garbage collection. */
function processRegistry(): Registry {
  // Created on first use and shared by all instances, because it observes the process.
  if (sharedProcessRegistry === undefined) {
    sharedProcessRegistry = new Registry();
    collectDefaultMetrics({ register: sharedProcessRegistry });
  }
  return sharedProcessRegistry;
}
