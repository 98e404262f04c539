import type { FastifyInstance } from "fastify";
import { NO_STORE } from "../http/caching.js";
import type { Metrics } from "../monitoring/metrics.js";
import type { StatsCollector } from "../monitoring/stats.js";
import { getAndHead } from "./get-and-head.js";

/** `/metrics` for Prometheus, `/stats.json` for the console. */
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
