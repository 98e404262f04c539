import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from "fastify";
import { invalidOption, notFound, RequestError, ServeError } from "../errors.js";
import { sendError } from "../http/send-error.js";
import type { SieddOptions } from "../options.js";
import { STANDALONE, siedd } from "../plugin.js";
import { sendMalformed } from "./malformed-request.js";
import { logRequests, requestId } from "./request-log.js";
import { limitRequestTime } from "./request-time.js";

/** Milliseconds between checks for slow requests. */
const REQUEST_CHECK_INTERVAL_MS = 1000;
/**
 * Milliseconds to receive a request: with the wait for the next check, a connection closes after at most 20 s. Requests
 * have no body, and a slow one occupies a connection.
 */
const REQUEST_TIMEOUT_MS = 20_000 - REQUEST_CHECK_INTERVAL_MS;
/** Milliseconds until an inactive connection is closed. The player of a paused viewer reconnects. */
const IDLE_TIMEOUT_MS = 300_000;
/** Maximum characters of a path parameter. */
const MAX_PARAM_LENGTH = 512;
const MAX_DRAIN_SECONDS = 3600;

/** The options of the plugin, and where to listen. */
export interface ServeOptions extends SieddOptions {
  /**
   * Host name or IP address to listen on. The default only accepts connections from this machine; use `0.0.0.0` or `::`
   * for all interfaces.
   *
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * TCP port to listen on. 0 selects a free port.
   *
   * @default 8080
   * @minimum 0
   * @maximum 65535
   */
  readonly port?: number;
  /**
   * URL path of everything that is served, such as `/videos`.
   *
   * @default none
   */
  readonly prefix?: string;
  /**
   * The proxies whose `X-Forwarded-*` headers are trusted, as in Fastify. Behind a proxy that is not trusted, all
   * clients share one quota.
   *
   * @default false
   */
  readonly trustProxy?: FastifyServerOptions["trustProxy"];
  /**
   * Time that `close()` keeps serving while `/readyz` returns 503, so that a load balancer notices.
   *
   * @default 0
   * @minimum 0
   * @maximum 3600
   * @unit seconds
   */
  readonly drainSeconds?: number;
  /**
   * Fastify's logger options. Each request is logged when it ends, with its id.
   *
   * @default false
   */
  readonly logger?: FastifyServerOptions["logger"];
}

/** A running server. */
export interface RunningServer {
  /** The URL of the catalog, with a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly app: FastifyInstance;
  /**
   * Shuts down: drains for `drainSeconds`, rejects new work, waits up to `closeSeconds` for responses in progress, and
   * ends all child processes. A second call ends the drain at once.
   */
  close(): Promise<void>;
}

/**
 * Serves assets over HTTP.
 *
 * Rejects with ServeError (`bad-option`, `port-in-use` or `cannot-listen`), or MediaError (`ffmpeg-missing` or
 * `encoder-unavailable`).
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const {
    host = "127.0.0.1",
    port = 8080,
    prefix,
    logger,
    trustProxy,
    drainSeconds = 0,
    ...pluginOptions
  } = options;
  assertPort(port);
  assertDrainSeconds(drainSeconds);
  const folder = prefixFolder(prefix);

  const app = createApp({ logger, trustProxy, upload: options.upload });
  if (folder !== "") app.setNotFoundHandler((request, reply) => sendError(notFound(), request, reply));
  const shutdown = new Shutdown(app, { drainSeconds, closeSeconds: options.closeSeconds ?? 5 });
  const ready = () => !shutdown.started && (pluginOptions.ready?.() ?? true);
  try {
    await app.register(siedd, {
      ...pluginOptions,
      ready,
      ...(folder === "" ? { [STANDALONE]: true } : { prefix: folder }),
    });
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenError(error, host, port);
  }
  const address = app.server.address() as AddressInfo;
  const urlHost = host.includes(":") ? `[${host}]` : host;
  const url = `http://${urlHost}:${address.port}${folder}/`;
  return { url, port: address.port, app, close: () => shutdown.run() };
}

/** Creates an application whose errors all have the same JSON, even those of malformed requests. */
function createApp({
  logger,
  trustProxy,
  upload = false,
}: Pick<ServeOptions, "logger" | "trustProxy" | "upload">): FastifyInstance {
  const app = fastify({
    logger: logger ?? false,
    genReqId: requestId,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: trustProxy ?? false,
    // No timeout: on a busy machine, a late start is better than none.
    pluginTimeout: 0,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // Errors of the router do not reach the error handler of a plugin.
    frameworkErrors: (error, request, reply) => sendError(urlError(error), request, reply),
    clientErrorHandler: sendMalformed,
    requestTimeout: upload ? 0 : REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: REQUEST_CHECK_INTERVAL_MS,
    },
    connectionTimeout: IDLE_TIMEOUT_MS,
    // Responses in progress end by themselves; idle connections would keep the server open.
    forceCloseConnections: "idle",
  });
  logRequests(app);
  if (upload) limitRequestTime(app, REQUEST_TIMEOUT_MS);
  return app;
}

interface ShutdownOptions {
  readonly drainSeconds: number;
  readonly closeSeconds: number;
}

/** Drains and closes an application, once. */
class Shutdown {
  readonly #app: FastifyInstance;
  readonly #options: ShutdownOptions;
  readonly #drain = new AbortController();
  #done: Promise<void> | undefined;

  constructor(app: FastifyInstance, options: ShutdownOptions) {
    this.#app = app;
    this.#options = options;
  }

  get started(): boolean {
    return this.#done !== undefined;
  }

  /** Shuts down, or ends the drain if it has started already. */
  run(): Promise<void> {
    if (this.#done !== undefined) this.#drain.abort();
    this.#done ??= this.#close();
    return this.#done;
  }

  async #close(): Promise<void> {
    const { drainSeconds, closeSeconds } = this.#options;
    if (drainSeconds > 0) {
      await sleep(drainSeconds * 1000, undefined, { signal: this.#drain.signal }).catch(() => {});
    }
    // One second more than the queue waits, so that aborted responses can still send their error.
    const timer = setTimeout(() => this.#app.server.closeAllConnections(), (closeSeconds + 1) * 1000);
    await this.#app.close().finally(() => clearTimeout(timer));
  }
}

function assertPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return;
  throw invalidOption("siedd options.port", "an integer from 0 to 65535", port, "use 0 for any free port");
}

function assertDrainSeconds(seconds: number): void {
  if (seconds >= 0 && seconds <= MAX_DRAIN_SECONDS) return;
  const rule = `a number of seconds from 0 to ${MAX_DRAIN_SECONDS}`;
  throw invalidOption("siedd options.drainSeconds", rule, seconds);
}

/** Returns the prefix with a leading slash and without a trailing one; "" for none. */
function prefixFolder(prefix = ""): string {
  if (!/^\/?([\w.~-]+(\/[\w.~-]+)*)?\/?$/.test(prefix)) {
    const rule = 'a path of letters, digits and -._~, such as "/videos"';
    throw invalidOption("siedd options.prefix", rule, prefix);
  }
  const path = prefix.replace(/^\/|\/$/g, "");
  return path === "" ? "" : `/${path}`;
}

const urlError = ({ statusCode }: FastifyError): RequestError =>
  statusCode === 414
    ? new RequestError("bad-url", `path segments must not exceed ${MAX_PARAM_LENGTH} characters`, {}, 414)
    : new RequestError("bad-url", "malformed path: it must be percent-encoded UTF-8");

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    const message = `port ${port} of ${host} is in use; use another \`port\`, or 0 for any free port`;
    return new ServeError("port-in-use", message, { cause: error });
  }
  if (code === "EACCES") {
    const message = `permission denied: ${host}:${port}; use a port above 1023`;
    return new ServeError("cannot-listen", message, { cause: error });
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    const message = `cannot listen on ${host}: not an address of this machine; use 127.0.0.1 or 0.0.0.0`;
    return new ServeError("cannot-listen", message, { cause: error });
  }
  return error;
}
