import type { FastifyInstance } from "fastify";
import type { Server } from "../context.js";
import { RequestError } from "../errors.js";
import { answer, expectCurrent, strongEtag, versionedCaching } from "../http/send.js";
import {
  isPictureFormat,
  PICTURE_FORMATS,
  PICTURE_TYPES,
  type PictureFormat,
} from "../render/encode-image.js";
import { type Picture, pictureKey, sheetKey } from "../render/images.js";
import { findSheet, storyboardOf, storyboardVtt } from "../render/storyboard.js";
import { pictureUrl } from "../request/addresses.js";
import { parseRegion } from "../request/region.js";
import { parsePictureSize } from "../request/size.js";
import { expectMoment } from "../request/time.js";
import { canonicalLink } from "./canonical-link.js";
import { getAndHead } from "./get-and-head.js";
import { answerText } from "./send-text.js";

/** Single pictures and storyboards of every film. */
export function pictureRoutes(app: FastifyInstance, { catalogue, limits, pictures }: Server): void {
  getAndHead(app, "/:id/:region/:size/frame-:file", async (request, reply) => {
    const asked = request.params as Readonly<Record<"id" | "region" | "size" | "file", string>>;
    const film = await catalogue.open(asked.id);
    expectCurrent(request, film.version);
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

  getAndHead(app, "/:id/storyboard.vtt", async (request, reply) => {
    const film = await catalogue.open((request.params as { id: string }).id);
    const body = storyboardVtt(film, storyboardOf(film, limits));
    return answerText(request, reply, "text/vtt; charset=utf-8", body);
  });

  getAndHead(app, "/:id/storyboard-:n(^\\d{1,9}$).jpg", async (request, reply) => {
    const { id, n } = request.params as { id: string; n: string };
    const film = await catalogue.open(id);
    expectCurrent(request, film.version);
    const board = storyboardOf(film, limits);
    const sheet = findSheet(film, board, Number(n));
    return answer(request, reply, {
      type: PICTURE_TYPES.jpg,
      etag: strongEtag(sheetKey(film, board, sheet)),
      cacheControl: versionedCaching(request, film.version),
      make: (signal) => pictures.sheet(film, board, sheet, signal),
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
