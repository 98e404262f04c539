import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** How an origin misbehaves until it is told otherwise. */
export interface Mood {
  /** Answers wait for it. */
  hold?: Promise<void>;
  /** Status of all answers. */
  status?: number;
  /** Bytes of a body after which the connection is cut; `times` counts down, then all is well again. */
  cut?: { after: number; times: number };
  /** Sends the whole whatever range is asked for. */
  noRanges?: boolean;
}

/** A plain HTTP server with Range, as object stores are: it knows nothing of siedd. */
export interface OriginServer {
  readonly url: string;
  /** By path, or by path and query where that makes a difference. */
  readonly files: Map<string, { bytes: Uint8Array; etag: string; type?: string }>;
  readonly requests: { path: string; range: string | undefined; headers: IncomingMessage["headers"] }[];
  mood: Mood;
  /** Bytes of bodies sent. */
  sent: number;
}

export async function originServer(t: Pick<TestContext, "after">): Promise<OriginServer> {
  const files: OriginServer["files"] = new Map();
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", origin.url);
    const path = decodeURIComponent(pathname.slice(1));
    origin.requests.push({ path, range: request.headers.range, headers: request.headers });
    const { hold = Promise.resolve() } = origin.mood;
    void hold.then(() => answer(origin, path, search, request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => end(server));
  const { port } = server.address() as AddressInfo;
  const origin: OriginServer = { url: `http://127.0.0.1:${port}/`, files, requests: [], mood: {}, sent: 0 };
  return origin;
}

function end(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function answer(
  origin: OriginServer,
  path: string,
  search: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { mood } = origin;
  const file = origin.files.get(`${path}${search}`) ?? origin.files.get(path);
  if (mood.status !== undefined || file === undefined)
    return void response.writeHead(mood.status ?? 404).end();
  const { bytes, etag, type = "application/octet-stream" } = file;
  const headers = { etag, "content-type": type, "accept-ranges": "bytes" };
  if (request.headers["if-none-match"] === etag) return void response.writeHead(304, headers).end();
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const holds = request.headers["if-range"] === undefined || request.headers["if-range"] === etag;
  const ranged = from !== undefined && holds && mood.noRanges !== true;
  const [first, last] = ranged
    ? [Number(from), Math.min(Number(to), bytes.length - 1)]
    : [0, bytes.length - 1];
  const body = bytes.subarray(first, last + 1);
  const range = ranged ? { "content-range": `bytes ${first}-${last}/${bytes.length}` } : {};
  response.writeHead(ranged ? 206 : 200, { ...headers, ...range, "content-length": body.length });
  const { cut } = mood;
  if (cut !== undefined && cut.times > 0 && body.length > cut.after) {
    cut.times--;
    response.write(body.subarray(0, cut.after), () => setTimeout(() => request.socket.destroy(), 20));
    return;
  }
  origin.sent += body.length;
  response.end(body);
}
