import type { FastifyReply, FastifyRequest } from "fastify";
import { REVALIDATE } from "../http/caching.js";
import { send, strongEtag } from "../http/send.js";

/** The media type of every playlist. */
export const PLAYLIST = "application/vnd.apple.mpegurl";

/** Answers with text that is quick to make and revalidates. */
export const sendText = (
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  body: string,
): Promise<FastifyReply> =>
  send(request, reply, {
    ...{ type, etag: strongEtag(body), cacheControl: REVALIDATE },
    ...{ length: body.length, make: () => body },
  });

/** The parameters of a URL by their names in its route. */
export const paramsOf = (request: FastifyRequest): Readonly<Record<string, string>> =>
  request.params as Readonly<Record<string, string>>;

/** A query parameter as text; one that is given twice becomes text that no grammar accepts. */
export const queryText = (request: FastifyRequest, name: string): string | undefined => {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  return value === undefined ? undefined : String(value);
};
