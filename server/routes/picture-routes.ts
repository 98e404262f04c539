import type { FastifyInstance } from "fastify";
import { RequestError } from "../errors.js";
import { answer, strongEtag, versionedCaching } from "../http/answer.js";
import {
  isPictureFormat,
  PICTURE_FORMATS,
  PICTURE_TYPES,
  type PictureFormat,
} from "../pictures/encode-picture.js";
import { expectMoment, type Picture, pictureKey } from "../pictures/picture-service.js";
import { pictureUrl } from "../pictures/picture-url.js";
import type { Server } from "../server-parts.js";
import { parseRegion } from "../sizes/region.js";
import { parsePictureSize } from "../sizes/size.js";
import { canonicalLink } from "./canonical-link.js";
import { getAndHead } from "./get-and-head.js";

/** Single pictures of every film. */
export function pictureRoutes(app: FastifyInstance, { catalogue, limits, pictures }: Server): void {
  getAndHead(app, "/:id/:region/:size/frame-:file", async (request, reply) => {
    const asked = request.params as Readonly<Record<"id" | "region" | "size" | "file", string>>;
    const film = await catalogue.open(asked.id);
    const region = parseRegion(asked.region, film.asset);
    const size = parsePictureSize(asked.size, region, limits);
    const { milliseconds, format } = parseFile(asked.file);
    expectMoment(film, milliseconds);
    canonicalLink(app, reply, film.id, pictureUrl(region.canonical, size, milliseconds, format));
    const picture: Picture = { film, region, size, milliseconds, format };
    return answer(request, reply, {
      type: PICTURE_TYPES[format],
      etag: strongEtag(pictureKey(picture)),
      cacheControl: versionedCaching(request, film.version),
      make: (signal) => pictures.picture(picture, signal),
    });
  });
}

/** Reads `1200.jpg`. Throws RequestError `bad-moment` or `bad-format`. */
function parseFile(file: string): { readonly milliseconds: number; readonly format: PictureFormat } {
  const shown = file.length > 40 ? `${file.slice(0, 40)}...` : file;
  const dot = file.indexOf(".");
  const moment = dot < 0 ? file : file.slice(0, dot);
  if (!/^\d{1,10}$/.test(moment)) {
    throw new RequestError(
      "bad-moment",
      `"frame-${shown}" has no moment: put whole milliseconds after "frame-", as in frame-1200.jpg`,
    );
  }
  const format = dot < 0 ? "" : file.slice(dot + 1);
  if (!isPictureFormat(format)) {
    throw new RequestError(
      "bad-format",
      `"frame-${shown}" is in no format known here; end it with one of ${PICTURE_FORMATS.map((f) => `.${f}`).join(", ")}`,
    );
  }
  return { milliseconds: Number(moment), format };
}
