import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** Faults that an origin injects into its responses. */
export interface Faults {
  /** Responses wait for this promise. */
  delay?: Promise<void>;
  /** Status of all responses. */
  status?: number;
  /** Closes the connection after `after` bytes of a body; `times` counts down to 0, which ends the fault. */
  truncate?: { after: number; times: number };
  /** Ignores the Range header. */
  noRanges?: boolean;
}

/** A plain HTTP server with Range support, such as an object store. */
export interface OriginServer {
  readonly url: string;
  /** Files by path, or by path and query. */
  readonly files: Map<string, { bytes: Uint8Array; etag: string; type?: string }>;
  readonly requests: { path: string; range: string | undefined; headers: IncomingMessage["headers"] }[];
  faults: Faults;
  /** Bytes of response bodies sent. */
  sent: number;
}

/** Starts an origin server that closes when the test ends. */
export async function originServer(t: Pick<TestContext, "after">): Promise<OriginServer> {
  const files: OriginServer["files"] = new Map();
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", origin.url);
    const path = decodeURIComponent(pathname.slice(1));
    origin.requests.push({ path, range: request.headers.range, headers: request.headers });
    const { delay = Promise.resolve() } = origin.faults;
    void delay.then(() => sendFile(origin, { path, search }, request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => close(server));
  const { port } = server.address() as AddressInfo;
  const origin: OriginServer = { url: `http://127.0.0.1:${port}/`, files, requests: [], faults: {}, sent: 0 };
  return origin;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function sendFile(
  origin: OriginServer,
  { path, search }: { readonly path: string; readonly search: string },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { faults } = origin;
  const file = origin.files.get(`${path}${search}`) ?? origin.files.get(path);
  if (faults.status !== undefined || file === undefined)
    return void response.writeHead(faults.status ?? 404).end();
  const { bytes, etag, type = "application/octet-stream" } = file;
  const headers = { etag, "content-type": type, "accept-ranges": "bytes" };
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304, headers).end();
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const ifRange = request.headers["if-range"];
  const isPartial = from !== undefined && (ifRange ?? etag) === etag && faults.noRanges !== true;
  const [first, last] = isPartial
    ? [Number(from), Math.min(Number(to), bytes.length - 1)]
    : [0, bytes.length - 1];
  const body = bytes.subarray(first, last + 1);
  const range = isPartial ? { "content-range": `bytes ${first}-${last}/${bytes.length}` } : {};
  response.writeHead(isPartial ? 206 : 200, { ...headers, ...range, "content-length": body.length });
  const { truncate } = faults;
  if (truncate !== undefined && truncate.times > 0 && body.length > truncate.after) {
    truncate.times--;
    response.write(body.subarray(0, truncate.after), () => setTimeout(() => request.socket.destroy(), 20));
    return;
  }
  origin.sent += body.length;
  response.end(body);
}
