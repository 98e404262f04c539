import type { FastifyInstance } from "fastify";
import type { Catalog } from "../catalog/catalog.js";
import { NO_STORE } from "../http/caching.js";
import type { WorkQueue } from "../scheduling/queue.js";
import { getAndHead } from "./get-and-head.js";

export interface HealthParts {
  readonly catalog: Catalog;
  readonly queue: WorkQueue;
  /** Whether the process wants more requests. */
  readonly ready: () => boolean;
}

/** `/healthz`: the process answers. `/readyz`: it wants requests, or 503 while it starts or is about to end. */
export function healthRoutes(app: FastifyInstance, { catalog, queue, ready }: HealthParts): void {
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });

  getAndHead(app, "/healthz", async (_request, reply) => {
    reply.header("cache-control", NO_STORE);
    return { status: "ok", running: queue.running, waiting: queue.waiting };
  });

  getAndHead(app, "/readyz", async (_request, reply) => {
    const status = closing || !ready() ? "draining" : catalog.known ? "ready" : "starting";
    reply.header("cache-control", NO_STORE);
    if (status !== "ready") reply.code(503).header("retry-after", "1");
    return { status };
  });
}
