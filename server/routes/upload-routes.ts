import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { UPLOAD_PATH, UPLOADED_ID_HEADER } from "../../protocol/upload.js";
import { encodeId } from "../../protocol/url-parameters.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { NO_STORE } from "../http/caching.js";
import { pathParams } from "../request/params.js";
import type { UploadResult, Uploads } from "../upload/uploads.js";

const TUS_VERSION = "1.0.0";
/** Media type of the bytes of an upload. */
const BYTES_TYPE = "application/offset+octet-stream";
/** Headers that tus reads. */
const REQUEST_HEADERS = [
  "content-length",
  "content-type",
  "tus-resumable",
  "upload-length",
  "upload-metadata",
  "upload-offset",
];
/** Headers of tus that are passed on. Those of CORS are not: pages of other origins must not upload. */
const RESPONSE_HEADERS = ["location", "upload-length", "upload-metadata", "upload-offset"];

/** `/player/upload`: receives videos by tus 1.0 with the extensions `creation` and `termination`. */
export function uploadRoutes(app: FastifyInstance, { uploads }: PluginContext): void {
  if (uploads === undefined) return;
  if (!app.hasContentTypeParser(BYTES_TYPE)) {
    app.addContentTypeParser(BYTES_TYPE, (_request, payload, done) => done(null, payload));
  }
  const endpoint = `/${UPLOAD_PATH}`;
  const url = `${endpoint}/:upload`;
  // Without the maximum size, which would show everyone how much disk space is free.
  app.options(endpoint, async (_request, reply) => {
    reply.headers({
      "tus-version": TUS_VERSION,
      "tus-extension": "creation,termination",
    });
    return reply.code(204).send();
  });
  app.options(url, async (_request, reply) => reply.code(204).send());
  app.post(endpoint, async (request, reply) => {
    if (request.headers["content-length"] !== undefined && request.headers["content-length"] !== "0") {
      const message = "the request that starts an upload must have no body; send the bytes by PATCH";
      throw new RequestError("bad-upload", message, { connection: "close" });
    }
    return sendTus(reply, await uploads.create(tusHeaders(request)));
  });
  app.route({
    method: ["HEAD", "PATCH", "DELETE"],
    url,
    exposeHeadRoute: false,
    handler: uploadHandler(app, uploads),
  });
}

/** Handles the requests of one upload. The last one responds when the video is in the library. */
function uploadHandler(app: FastifyInstance, uploads: Uploads) {
  const receiving = new Set<IncomingMessage>();
  // Their clients go on later, from the last byte that was received.
  app.addHook("preClose", async () => {
    for (const request of receiving) request.destroy();
  });
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { upload } = pathParams<"upload">(request);
    const { method, raw } = request;
    if (method === "HEAD") {
      const uploaded = await uploads.result(upload);
      if (uploaded !== undefined) return sendUploaded(reply.code(200), uploaded);
    }
    receiving.add(raw);
    try {
      const body = method === "PATCH" ? (Readable.toWeb(raw) as ReadableStream) : undefined;
      const response = await uploads.handle(method, upload, tusHeaders(request), body);
      const uploaded = method === "PATCH" && response.ok ? await uploads.result(upload) : undefined;
      return uploaded === undefined ? sendTus(reply, response) : sendUploaded(reply.code(204), uploaded);
    } finally {
      receiving.delete(raw);
    }
  };
}

const tusHeaders = ({ headers }: FastifyRequest): Headers =>
  new Headers(
    REQUEST_HEADERS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value.toString()] as [string, string]];
    }),
  );

function sendUploaded(reply: FastifyReply, { videoId, size }: UploadResult): FastifyReply {
  const lengths = { "upload-offset": size, "upload-length": size };
  return setHeaders(reply)
    .headers({ ...lengths, [UPLOADED_ID_HEADER]: encodeId(videoId) })
    .send();
}

/** Sends a response of tus. Its errors become those of this server. */
async function sendTus(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  if (!response.ok) {
    const reason = (await response.text()).trim();
    throw new RequestError("bad-upload", `upload rejected: ${reason}`, {}, response.status);
  }
  setHeaders(reply).code(response.status);
  for (const name of RESPONSE_HEADERS) {
    const value = response.headers.get(name);
    if (value !== null) reply.header(name, value);
  }
  return reply.send();
}

const setHeaders = (reply: FastifyReply): FastifyReply =>
  reply.headers({ "tus-resumable": TUS_VERSION, "cache-control": NO_STORE });
