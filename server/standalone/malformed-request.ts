import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { NO_STORE } from "../http/caching.js";

const BAD = { status: 400, code: "bad-request", message: "this is not HTTP as RFC 9112 has it" };
const FAULTS: Readonly<Record<string, typeof BAD>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    code: "request-timeout",
    message: "the request did not come to its end in time",
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    code: "headers-too-large",
    message: "the address and the headers together have more than 16 KiB",
  },
};

/** Answers what is no request yet, in the shape of all other errors, and closes the connection. */
export function sendMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const { status, code, message } = FAULTS[error.code ?? ""] ?? BAD;
  const body = JSON.stringify({ error: { code, message } });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${body.length}`,
    `Cache-Control: ${NO_STORE}`,
    "Connection: close",
  ];
  if (socket.writable) socket.write(`${lines.join("\r\n")}\r\n\r\n${body}`);
  socket.destroy(error);
}
