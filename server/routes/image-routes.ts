import type { FastifyInstance } from "fastify";
import type { PluginContext } from "../context.js";
import { coverKey, imageKey, sheetKey } from "../render/images.js";
import { posterImage } from "../render/poster.js";
import { findSheet, planStoryboard, storyboardVtt } from "../render/storyboard.js";
import { type ImageFormat, imageUrl, parseImageFile } from "../request/image-file.js";
import { pathParams } from "../request/params.js";
import { assertTime } from "../request/time.js";
import { parseImageViewport } from "../request/viewport.js";
import { getAndHead } from "./get-and-head.js";
import { openCurrentVideo, openVideo, setCanonicalLink } from "./requested-video.js";
import { sendKeyed, sendStoryboard } from "./send-content.js";

const IMAGE_TYPES: Readonly<Record<ImageFormat, string>> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
};

/** Single frames as images, and storyboards. */
export function imageRoutes(app: FastifyInstance, { catalog, limits, images }: PluginContext): void {
  getAndHead(app, "/:id/:region/:size/frame-:file", async (request, reply) => {
    const entry = await openCurrentVideo(request, catalog);
    const params = pathParams<"region" | "size" | "file">(request);
    const viewport = parseImageViewport(params, entry.video, limits);
    const file = parseImageFile(params.file);
    assertTime(entry, file.timeMs);
    setCanonicalLink(app, reply, entry.id, imageUrl(viewport, entry.video, file));
    const image = { entry, viewport, ...file };
    return sendKeyed(request, reply, {
      type: IMAGE_TYPES[file.format],
      key: imageKey(image),
      version: entry.version,
      body: (signal) => images.image(image, signal),
    });
  });

  getAndHead(app, "/:id/poster.jpg", async (request, reply) => {
    const entry = await openCurrentVideo(request, catalog);
    const image = { entry, ...posterImage(entry, limits) };
    const hasCover = entry.video.readCover !== undefined;
    return sendKeyed(request, reply, {
      type: IMAGE_TYPES.jpg,
      key: hasCover ? coverKey(entry) : imageKey(image),
      version: entry.version,
      body: (signal) => (hasCover ? images.cover(entry, signal) : images.image(image, signal)),
    });
  });

  getAndHead(app, "/:id/storyboard.vtt", async (request, reply) => {
    const entry = await openVideo(request, catalog);
    return sendStoryboard(request, reply, storyboardVtt(entry, planStoryboard(entry, limits)));
  });

  getAndHead(app, "/:id/storyboard-:n(^\\d{1,9}$).jpg", async (request, reply) => {
    const entry = await openCurrentVideo(request, catalog);
    const storyboard = planStoryboard(entry, limits);
    const sheet = findSheet(entry, storyboard, Number(pathParams<"n">(request).n));
    const image = { entry, storyboard, sheet };
    return sendKeyed(request, reply, {
      type: IMAGE_TYPES.jpg,
      key: sheetKey(image),
      version: entry.version,
      body: (signal) => images.sheet(image, signal),
    });
  });
}
