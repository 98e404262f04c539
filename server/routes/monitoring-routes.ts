import type { FastifyInstance } from "fastify";
import type { Catalog } from "../catalog/catalog.js";
import { NO_STORE } from "../http/caching.js";
import type { Metrics } from "../monitoring/metrics.js";
import type { StatsCollector } from "../monitoring/stats.js";
import type { WorkQueue } from "../scheduling/queue.js";
import { getAndHead } from "./get-and-head.js";

export interface HealthDependencies {
  readonly catalog: Catalog;
  readonly queue: WorkQueue;
  /** Whether the application accepts more requests. */
  readonly ready: () => boolean;
}

/**
 * `/healthz` returns 200 while the process responds. `/readyz` returns 200 while it accepts requests, and 503 during
 * startup and shutdown.
 */
export function healthRoutes(app: FastifyInstance, { catalog, queue, ready }: HealthDependencies): void {
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });

  getAndHead(app, "/healthz", async (_request, reply) => {
    reply.header("cache-control", NO_STORE);
    return { status: "ok", running: queue.running, waiting: queue.waiting };
  });

  getAndHead(app, "/readyz", async (_request, reply) => {
    const status = closing || !ready() ? "draining" : catalog.scanned ? "ready" : "starting";
    reply.header("cache-control", NO_STORE);
    if (status !== "ready") reply.code(503).header("retry-after", "1");
    return { status };
  });
}

/** `/metrics` for Prometheus, and `/stats.json` for the catalog page. */
export function metricsRoutes(app: FastifyInstance, metrics: Metrics, stats: StatsCollector): void {
  getAndHead(app, "/metrics", async (_request, reply) => {
    reply.header("cache-control", NO_STORE).type(metrics.contentType);
    return metrics.text();
  });

  getAndHead(app, "/stats.json", async (_request, reply) => {
    reply.header("cache-control", NO_STORE);
    return stats.read();
  });
}
