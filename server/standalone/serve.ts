import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from "fastify";
import { invalidOption, RequestError, ServeError } from "../errors.js";
import { sendError } from "../http/send-error.js";
import type { SieddOptions } from "../options.js";
import { notFound, STANDALONE, siedd } from "../plugin.js";
import { sendMalformed } from "./malformed-request.js";
import { logRequests, requestId } from "./request-log.js";

/** Milliseconds within which a request is to be read: none has a body, and a slow one holds a connection. */
const REQUEST_MS = 20_000;
/** Milliseconds after which a connection that neither sends nor takes a byte is closed: a viewer that pauses comes back. */
const IDLE_MS = 300_000;

/** The plugin's options and where to listen. */
export interface ServeOptions extends SieddOptions {
  /** Name or address to listen at. Default 127.0.0.1: this machine alone. */
  readonly host?: string;
  /** Default 8080; 0 lets the system choose. */
  readonly port?: number;
  /** Path that everything is served below, such as "/videos". Default: none. */
  readonly prefix?: string;
  /**
   * Whose word is taken for the address of a client behind proxies, as Fastify takes it. Default: nobody's. Without
   * it all clients of a proxy share one quota.
   */
  readonly trustProxy?: FastifyServerOptions["trustProxy"];
  /**
   * Seconds that `close()` goes on serving while `/readyz` answers 503 already, from 0 to 3600: as long as a load
   * balancer takes to notice. Default 0.
   */
  readonly drainSeconds?: number;
  /** Fastify's logger: a line for each request at its end, with its id. Default: none. */
  readonly logger?: FastifyServerOptions["logger"];
}

/** A server that listens, until it is closed. */
export interface RunningServer {
  /** Where it answers, with a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly app: FastifyInstance;
  /**
   * Takes no more work, lets what is under way finish within `closeSeconds`, and leaves no child behind. Called again
   * while it drains, it drains no longer.
   */
  close(): Promise<void>;
}

/** Serves a folder over HTTP. Rejects with ServeError (`bad-option`, `port-in-use`, `cannot-listen`) or MediaError. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 8080, prefix, logger, trustProxy, drainSeconds = 0, ...given } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new ServeError("bad-option", `port must be a whole number from 0 to 65535, not ${port}`);
  }
  if (!(drainSeconds >= 0 && drainSeconds <= 3600)) {
    throw new ServeError("bad-option", `drainSeconds must be from 0 to 3600, not ${drainSeconds}`);
  }
  if (prefix !== undefined && !/^\/?([\w.~-]+(\/[\w.~-]+)*)?\/?$/.test(prefix)) {
    throw invalidOption(
      "siedd options.prefix",
      'a path of letters, digits and -._~, such as "/videos"',
      prefix,
    );
  }
  const drain = new AbortController();
  let closed: Promise<void> | undefined;
  const plugin = { ...given, ready: () => closed === undefined && (given.ready?.() ?? true) };
  const app = fastify({
    logger: logger ?? false,
    genReqId: requestId,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustProxy ?? false,
    // However long a busy machine takes to load the decoding threads: starting late is better than not at all.
    pluginTimeout: 0,
    routerOptions: { maxParamLength: 512 },
    // What the router refuses comes to no route, and to no plugin's error handler.
    frameworkErrors: (error, request, reply) => sendError(refusedUrl(error), request, reply),
    clientErrorHandler: sendMalformed,
    requestTimeout: REQUEST_MS,
    connectionTimeout: IDLE_MS,
    // Answers under way end in time by themselves; idle connections would hold the server open.
    forceCloseConnections: "idle",
  });
  logRequests(app);
  const path = (prefix ?? "").replace(/^\/|\/$/g, "");
  const folder = path === "" ? "" : `/${path}`;
  if (folder !== "") app.setNotFoundHandler((request, reply) => sendError(notFound(), request, reply));
  try {
    await app.register(
      siedd,
      folder === "" ? Object.assign(plugin, { [STANDALONE]: true }) : { ...plugin, prefix: folder },
    );
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenError(error, host, port);
  }
  const { port: chosen } = app.server.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  const end = async () => {
    if (drainSeconds > 0)
      await sleep(drainSeconds * 1000, undefined, { signal: drain.signal }).catch(() => {});
    const seconds = (options.closeSeconds ?? 5) + 1;
    const timer = setTimeout(() => app.server.closeAllConnections(), seconds * 1000);
    await app.close().finally(() => clearTimeout(timer));
  };
  const close = () => {
    if (closed !== undefined) drain.abort();
    closed ??= end();
    return closed;
  };
  return { url: `http://${name}:${chosen}${folder}/`, port: chosen, app, close };
}

const refusedUrl = ({ statusCode }: FastifyError): RequestError =>
  statusCode === 414
    ? new RequestError("bad-url", "a part of the path has more than 512 characters", {}, 414)
    : new RequestError("bad-url", "the path is not UTF-8 with every other byte percent-encoded");

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    const message = `port ${port} of ${host} is in use; choose another with --port, or 0 for any that is free`;
    return new ServeError("port-in-use", message, { cause: error });
  }
  if (code === "EACCES") {
    const message = `port ${port} of ${host} is not allowed to this user; choose one above 1023`;
    return new ServeError("cannot-listen", message, { cause: error });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    const message = `this machine has no address ${host} to listen at; try 127.0.0.1 or 0.0.0.0`;
    return new ServeError("cannot-listen", message, { cause: error });
  }
  return error;
}
