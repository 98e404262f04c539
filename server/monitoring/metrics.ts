import type { FastifyInstance } from "fastify";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { DiskCache } from "../cache/disk-cache.js";
import type { Libraries } from "../library/open-libraries.js";
import type { Prefetcher } from "../scheduling/prefetcher.js";
import type { WorkQueue } from "../scheduling/queue.js";
import { processMetrics } from "./process-metrics.js";
import type { WorkEvent } from "./work-event.js";

// Seconds: from an answer that lay in memory to one that waited as long as it may.
const BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16];

export interface MetricsSources {
  readonly queue: WorkQueue;
  readonly cache: CoalescingCache;
  readonly disk: DiskCache | undefined;
  readonly prefetcher: Prefetcher;
  readonly sources: Libraries;
}

/** What one instance of the plugin has done, for Prometheus. Every label has a bounded set of values. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #registers = [this.#registry];
  readonly #requests = new Counter({
    name: "siedd_requests_total",
    help: "Requests answered, by route, method and status",
    labelNames: ["route", "method", "status"],
    registers: this.#registers,
  });
  readonly #answerSeconds = new Histogram({
    name: "siedd_request_seconds",
    help: "Seconds from a request to the end of its answer",
    labelNames: ["route"],
    buckets: BUCKETS,
    registers: this.#registers,
  });
  readonly #aborts = new Counter({
    name: "siedd_aborted_requests_total",
    help: "Requests whose client left before the end of the answer",
    labelNames: ["route"],
    registers: this.#registers,
  });
  readonly #errors = new Counter({
    name: "siedd_errors_total",
    help: "Errors answered, by the code of their body",
    labelNames: ["code"],
    registers: this.#registers,
  });
  readonly #workSeconds = new Histogram({
    name: "siedd_work_seconds",
    help: "Seconds of decoding and encoding, by what was made; waiting is not in it",
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
    help: "Bytes made",
    labelNames: ["type"],
    registers: this.#registers,
  });

  constructor({ queue, cache, disk, prefetcher, sources }: MetricsSources) {
    this.#watchOrigins(sources);
    this.#gauge("siedd_queue_running", "Jobs under way", () => queue.running);
    this.#gauge("siedd_queue_waiting", "Jobs that wait for their turn", () => queue.waiting);
    const tiers = { memory: () => cache.counts, ...(disk !== undefined && { disk: () => disk.counts }) };
    new Gauge({
      name: "siedd_cache_bytes",
      help: "Bytes held in memory and on the disk",
      labelNames: ["tier"],
      registers: this.#registers,
      collect() {
        for (const [tier, counts] of Object.entries(tiers)) this.set({ tier }, counts().bytes);
      },
    });
    new Counter({
      name: "siedd_cache_evictions_total",
      help: "Entries given up for room in memory and on the disk",
      labelNames: ["tier"],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [tier, counts] of Object.entries(tiers)) this.inc({ tier }, counts().evicted);
      },
    });
    if (disk !== undefined) {
      const help = "Entries that the disk did not take or give";
      this.#counter("siedd_disk_cache_failures_total", help, () => disk.counts.failed);
    }
    this.#counter(
      "siedd_abandoned_work_total",
      "Works ended because nobody waited any more",
      () => cache.counts.abandoned,
    );
    new Counter({
      name: "siedd_prefetches_total",
      help: "Segments begun before anybody asked, and what became of them: finished, or dropped for what somebody asked for",
      labelNames: ["outcome"],
      registers: this.#registers,
      collect() {
        this.reset();
        for (const [outcome, count] of Object.entries(prefetcher.counts)) this.inc({ outcome }, count);
      },
    });
    new Counter({
      name: "siedd_cache_requests_total",
      help: "Where what was asked for came from: memory, the disk, work under way (shared), or new work (computed)",
      labelNames: ["from"],
      registers: this.#registers,
      collect() {
        const { hits, shared, made } = cache.counts;
        this.reset();
        this.inc({ from: "memory" }, hits);
        if (disk !== undefined) this.inc({ from: "disk" }, disk.counts.hits);
        this.inc({ from: "shared" }, shared);
        this.inc({ from: "computed" }, made);
      },
    });
  }

  /** What is asked of other servers, where videos come from any. */
  #watchOrigins({ origins, blocks }: Libraries): void {
    if (origins.length === 0) return;
    const sum = (key: "requests" | "failures" | "bytes") => () =>
      origins.reduce((total, { counts }) => total + counts[key], 0);
    this.#counter(
      "siedd_origin_requests_total",
      "Requests to servers that videos come from",
      sum("requests"),
    );
    const failures = "Those that failed or were too slow";
    this.#counter("siedd_origin_failures_total", failures, sum("failures"));
    this.#counter("siedd_origin_bytes_total", "Bytes of videos that came from them", sum("bytes"));
    this.#gauge(
      "siedd_blocks_bytes",
      "Bytes of videos from other servers in memory",
      () => blocks.counts.bytes,
    );
    new Counter({
      name: "siedd_blocks_total",
      help: "Blocks of videos from other servers, by where they came from: memory or the server (origin)",
      labelNames: ["from"],
      registers: this.#registers,
      collect() {
        const { hits, fetched } = blocks.counts;
        this.reset();
        this.inc({ from: "memory" }, hits);
        this.inc({ from: "origin" }, fetched);
      },
    });
  }

  /** Counts the requests of the plugin's routes. */
  watch(app: FastifyInstance): void {
    const routeOf = (url: string | undefined) =>
      url === undefined ? "none" : url.slice(app.prefix.length).replace(/\(.*?\)/g, "") || "/";
    app.addHook("onRequest", async (request, reply) => {
      reply.raw.once("close", () => {
        if (!reply.raw.writableFinished) this.#aborts.inc({ route: routeOf(request.routeOptions.url) });
      });
    });
    app.addHook("onResponse", async (request, reply) => {
      const route = routeOf(request.routeOptions.url);
      this.#requests.inc({ route, method: request.method, status: reply.statusCode });
      this.#answerSeconds.observe({ route }, reply.elapsedTime / 1000);
    });
  }

  work({ type, width, height, frames, seconds, bytes }: WorkEvent): void {
    this.#workSeconds.observe({ type }, seconds);
    this.#frames.inc({ type }, frames);
    this.#pixels.inc({ type }, width * height * frames);
    this.#bytes.inc({ type }, bytes);
  }

  error(code: string): void {
    this.#errors.inc({ code });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In the text format of Prometheus. */
  async text(): Promise<string> {
    const parts = await Promise.all([this.#registry.metrics(), processMetrics().metrics()]);
    return parts.join("\n");
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
}
