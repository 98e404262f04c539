import type { FastifyReply, FastifyRequest } from "fastify";
import { REVALIDATE } from "../http/caching.js";
import { cacheControlFor, type Representation, send, strongEtag } from "../http/send.js";
import { stringify } from "../http/stringify.js";

const JSON_TYPE = "application/json; charset=utf-8";
const PLAYLIST_TYPE = "application/vnd.apple.mpegurl";

/** Sends text that is cheap to compute. Caches must revalidate it. */
export const sendText = (
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  text: string,
): Promise<FastifyReply> => send(request, reply, textRepresentation(type, text));

/** Sends the WebVTT of a storyboard, whose cues are links. Caches must revalidate it. */
export const sendStoryboard = (
  request: FastifyRequest,
  reply: FastifyReply,
  vtt: string,
): Promise<FastifyReply> =>
  send(request, reply, { ...textRepresentation("text/vtt; charset=utf-8", vtt), hasLinks: true });

const textRepresentation = (type: string, text: string): Representation => ({
  type,
  etag: strongEtag(text),
  cacheControl: REVALIDATE,
  length: text.length,
  body: () => text,
});

/** Sends an object as JSON. Caches must revalidate it. */
export const sendJson = async (
  request: FastifyRequest,
  reply: FastifyReply,
  value: object,
): Promise<FastifyReply> => sendText(request, reply, JSON_TYPE, await stringify(value));

/** Sends an HLS playlist. Caches must revalidate it. */
export const sendPlaylist = (
  request: FastifyRequest,
  reply: FastifyReply,
  playlist: string,
): Promise<FastifyReply> => sendText(request, reply, PLAYLIST_TYPE, playlist);

/** Content that is a pure function of its key. */
export interface KeyedContent extends Pick<Representation, "type" | "body"> {
  /** Distinguishes these bytes from all others of the server; hashed to the ETag. */
  readonly key: string;
  /** The current version of the video. */
  readonly version: string;
}

/**
 * Sends content at a URL that may contain a version. With the current version the response is immutable; without a
 * version, caches must revalidate it.
 *
 * @throws RequestError `stale-version`
 */
export const sendKeyed = async (
  request: FastifyRequest,
  reply: FastifyReply,
  { type, key, version, body }: KeyedContent,
): Promise<FastifyReply> =>
  send(request, reply, {
    type,
    etag: strongEtag(key),
    cacheControl: cacheControlFor(request, version),
    body,
  });
