import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { isClosed } from "./is-complete.js";
import { ClientDisconnectedError } from "./send.js";

/**
 * Destroys the stream that a handler opened if the client has disconnected in the meantime. Nothing else would: Fastify
 * pipes it into the closed response, where it waits with an open file.
 */
export function discardUnsentBodies(app: FastifyInstance): void {
  app.addHook("onSend", async (_request, reply, payload) => {
    if (!(payload instanceof Readable) || !isClosed(reply.raw)) return;
    payload.destroy();
    throw new ClientDisconnectedError();
  });
}
