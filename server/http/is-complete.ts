import type { ServerResponse } from "node:http";
import type { Http2ServerResponse, ServerHttp2Stream } from "node:http2";

/** The response of Fastify, which is an `Http2ServerResponse` if the application serves HTTP/2. */
type RawResponse = ServerResponse | Http2ServerResponse;

/** Returns the stream of an HTTP/2 response. */
export const http2Stream = (raw: RawResponse): ServerHttp2Stream | undefined =>
  "stream" in raw ? raw.stream : undefined;

/**
 * Returns whether a closed response was sent in full. If the client cancels an HTTP/2 stream, Node.js ends the stream,
 * sets `writableFinished` and emits "finish" as for a complete response; only `aborted` differs.
 */
export const isComplete = (raw: RawResponse): boolean =>
  raw.writableFinished && http2Stream(raw)?.aborted !== true;

/** Returns whether the connection or stream of a response is closed. An `Http2ServerResponse` has no property `destroyed`. */
export const isClosed = (raw: RawResponse): boolean =>
  ("destroyed" in raw && raw.destroyed) || http2Stream(raw)?.destroyed === true;
