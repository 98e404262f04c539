import type { FastifyInstance, FastifyRequest } from "fastify";
import { DEFAULT_DEADLINE_MS, type JobContext, withJobContext } from "../scheduling/job-context.js";
import { readClientData } from "./cmcd.js";

const CLIENT_OF = Symbol("siedd.clientOf");

declare module "fastify" {
  interface FastifyInstance {
    [CLIENT_OF]?: (request: FastifyRequest) => string;
  }
}

/** Names the client of every request of this instance, whose quota its work is counted against. */
export function identifyClients(app: FastifyInstance, clientOf: (request: FastifyRequest) => string): void {
  app.decorate(CLIENT_OF, clientOf);
}

/** Hangs on the signal of a request how soon its answer is wanted, and by whom. */
export function requestDemand(request: FastifyRequest, signal: AbortSignal): AbortSignal {
  const { CMCD } = request.query as { CMCD?: unknown };
  const said = readClientData(request.headers["cmcd-request"], CMCD);
  const patience = said.startup ? 0 : Math.min(said.deadline ?? DEFAULT_DEADLINE_MS, 2 * DEFAULT_DEADLINE_MS);
  const demand: JobContext = {
    due: performance.now() + patience,
    client: request.server[CLIENT_OF]?.(request),
    ahead: false,
    next: said.next === undefined ? undefined : belowVideo(request, said.next),
  };
  return withJobContext(signal, demand);
}

/** The path below the video's of an URL relative to the request's; undefined where it leads to another video. */
function belowVideo({ url, params, server }: FastifyRequest, relative: string): string | undefined {
  const { id } = params as { id?: string };
  if (id === undefined || !URL.canParse(relative, `http://x${url}`)) return undefined;
  const { pathname } = new URL(relative, `http://x${url}`);
  try {
    const path = decodeURIComponent(pathname);
    const folder = `${server.prefix}/${id}/`;
    return path.startsWith(folder) ? path.slice(folder.length) : undefined;
  } catch {
    return undefined;
  }
}
