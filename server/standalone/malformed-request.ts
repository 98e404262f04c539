import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { NO_STORE } from "../http/caching.js";

const MALFORMED = { status: 400, code: "bad-request", message: "malformed HTTP request" };
/** Responses by the code of Node's `clientError` event. */
const RESPONSES: Readonly<Record<string, typeof MALFORMED>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: "request-timeout",
    message: "request timed out before it was complete",
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: "headers-too-large",
    message: "URL and headers together must not exceed 16 KiB",
  },
};

/** Responds to malformed HTTP requests with the same JSON as all other errors, and closes the connection. */
export function sendMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const { status, code, message } = RESPONSES[error.code ?? ""] ?? MALFORMED;
  const body = JSON.stringify({ error: { code, message } });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${body.length}`,
    `Cache-Control: ${NO_STORE}`,
    "X-Content-Type-Options: nosniff",
    "Connection: close",
  ];
  if (socket.writable) socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  socket.destroy(error);
}
