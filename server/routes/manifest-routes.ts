import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { PluginContext } from "../context.js";
import { dashManifest } from "../dash/manifest.js";
import { codecQuery } from "../request/codec.js";
import { viewportPath } from "../request/viewport.js";
import { getAndHead } from "./get-and-head.js";
import { type RequestedStreams, requestedSizeStreams, requestedStreams } from "./requested-streams.js";
import { setCanonicalLink } from "./requested-video.js";
import { sendText } from "./send-content.js";

/** DASH manifests, with the segments of the HLS playlists. */
export function manifestRoutes(app: FastifyInstance, context: PluginContext): void {
  getAndHead(app, "/:id/manifest.mpd", async (request, reply) =>
    sendManifest(request, reply, await requestedStreams(request, context)),
  );

  getAndHead(app, "/:id/:region/:size/index.mpd", async (request, reply) => {
    const { viewport, ...streams } = await requestedSizeStreams(request, context);
    const { entry, codec } = streams;
    const path = `${viewportPath(viewport, entry.video)}/index.mpd${codecQuery(codec)}`;
    setCanonicalLink(app, reply, entry.id, path);
    return sendManifest(request, reply, streams, "../../");
  });
}

/** @param folder relative path from the manifest to `/:id/`, with a trailing slash */
const sendManifest = (
  request: FastifyRequest,
  reply: FastifyReply,
  { entry, ...streams }: RequestedStreams,
  folder?: string,
): Promise<FastifyReply> =>
  sendText(request, reply, "application/dash+xml", dashManifest(entry, { ...streams, folder }));
