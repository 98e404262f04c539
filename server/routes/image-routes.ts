import type { FastifyInstance } from "fastify";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { expectCurrent, send, strongEtag, versionedCaching } from "../http/send.js";
import { IMAGE_FORMATS, IMAGE_TYPES, type ImageFormat, isImageFormat } from "../render/encode-image.js";
import { type ImageRequest, imageKey, sheetKey } from "../render/images.js";
import { findSheet, storyboardOf, storyboardVtt } from "../render/storyboard.js";
import { imageUrl } from "../request/addresses.js";
import { parseRegion } from "../request/region.js";
import { parseImageSize } from "../request/size.js";
import { expectTime } from "../request/time.js";
import { canonicalLink } from "./canonical-link.js";
import { getAndHead } from "./get-and-head.js";
import { sendText } from "./send-text.js";

/** Single pictures and storyboards of every video. */
export function imageRoutes(app: FastifyInstance, { catalog, limits, images }: PluginContext): void {
  getAndHead(app, "/:id/:region/:size/frame-:file", async (request, reply) => {
    const asked = request.params as Readonly<Record<"id" | "region" | "size" | "file", string>>;
    const entry = await catalog.open(asked.id);
    expectCurrent(request, entry.version);
    const region = parseRegion(asked.region, entry.asset);
    const size = parseImageSize(asked.size, region, limits);
    const { milliseconds, format } = parseFile(asked.file);
    expectTime(entry, milliseconds);
    canonicalLink(app, reply, entry.id, imageUrl(region.canonical, size, milliseconds, format));
    const image: ImageRequest = { entry, region, size, milliseconds, format };
    return send(request, reply, {
      type: IMAGE_TYPES[format],
      etag: strongEtag(imageKey(image)),
      cacheControl: versionedCaching(request, entry.version),
      make: (signal) => images.image(image, signal),
    });
  });

  getAndHead(app, "/:id/storyboard.vtt", async (request, reply) => {
    const entry = await catalog.open((request.params as { id: string }).id);
    const body = storyboardVtt(entry, storyboardOf(entry, limits));
    return sendText(request, reply, "text/vtt; charset=utf-8", body);
  });

  getAndHead(app, "/:id/storyboard-:n(^\\d{1,9}$).jpg", async (request, reply) => {
    const { id, n } = request.params as { id: string; n: string };
    const entry = await catalog.open(id);
    expectCurrent(request, entry.version);
    const board = storyboardOf(entry, limits);
    const sheet = findSheet(entry, board, Number(n));
    return send(request, reply, {
      type: IMAGE_TYPES.jpg,
      etag: strongEtag(sheetKey(entry, board, sheet)),
      cacheControl: versionedCaching(request, entry.version),
      make: (signal) => images.sheet(entry, board, sheet, signal),
    });
  });
}

/** Reads `1200.jpg`. Throws RequestError `bad-time` or `bad-format`. */
function parseFile(file: string): { readonly milliseconds: number; readonly format: ImageFormat } {
  const shown = file.length > 40 ? `${file.slice(0, 40)}...` : file;
  const dot = file.indexOf(".");
  const time = dot < 0 ? file : file.slice(0, dot);
  if (!/^\d{1,10}$/.test(time)) {
    throw new RequestError(
      "bad-time",
      `"frame-${shown}" has no moment: put whole milliseconds after "frame-", as in frame-1200.jpg`,
    );
  }
  const format = dot < 0 ? "" : file.slice(dot + 1);
  if (!isImageFormat(format)) {
    throw new RequestError(
      "bad-format",
      `"frame-${shown}" is in no format known here; end it with one of ${IMAGE_FORMATS.map((f) => `.${f}`).join(", ")}`,
    );
  }
  return { milliseconds: Number(time), format };
}
