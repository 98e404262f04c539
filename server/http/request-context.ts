import type { FastifyInstance, FastifyRequest } from "fastify";
import { DEFAULT_DEADLINE_MS, type JobContext, withJobContext } from "../scheduling/job-context.js";
import { parseCmcd } from "./cmcd.js";

const CLIENT_KEY = Symbol("siedd.clientKey");

declare module "fastify" {
  interface FastifyInstance {
    [CLIENT_KEY]?: (request: FastifyRequest) => string;
  }
}

/** Sets the function that identifies the client whose quota a request of this instance counts against. */
export function identifyClients(app: FastifyInstance, clientKey: (request: FastifyRequest) => string): void {
  app.decorate(CLIENT_KEY, clientKey);
}

/** Attaches the job context of a request (client, deadline and next object) to the signal that aborts its work. */
export function attachJobContext(request: FastifyRequest, signal: AbortSignal): AbortSignal {
  const { CMCD } = request.query as { CMCD?: unknown };
  const cmcd = parseCmcd(request.headers["cmcd-request"], CMCD);
  const timeout = cmcd.startup ? 0 : Math.min(cmcd.deadline ?? DEFAULT_DEADLINE_MS, 2 * DEFAULT_DEADLINE_MS);
  const context: JobContext = {
    deadline: performance.now() + timeout,
    client: request.server[CLIENT_KEY]?.(request),
    priority: "foreground",
    nextObject: cmcd.nextObject === undefined ? undefined : pathBelowVideo(request, cmcd.nextObject),
  };
  return withJobContext(signal, context);
}

/** Resolves a relative URL and returns its path below the request's video; undefined outside of that video. */
function pathBelowVideo({ url, params, server }: FastifyRequest, relativeUrl: string): string | undefined {
  const { id } = params as { id?: string };
  const base = `http://x${url}`;
  if (id === undefined || !URL.canParse(relativeUrl, base)) return undefined;
  const { pathname } = new URL(relativeUrl, base);
  try {
    const path = decodeURIComponent(pathname);
    const folder = `${server.prefix}/${id}/`;
    return path.startsWith(folder) ? path.slice(folder.length) : undefined;
  } catch {
    return undefined;
  }
}
