import type { FastifyInstance } from "fastify";
import { NO_STORE } from "../http/caching.js";
import type { Metrics } from "../metrics.js";
import { getAndHead } from "./get-and-head.js";

export function metricsRoute(app: FastifyInstance, metrics: Metrics): void {
  getAndHead(app, "/metrics", async (_request, reply) => {
    reply.header("cache-control", NO_STORE).type(metrics.contentType);
    return metrics.text();
  });
}
