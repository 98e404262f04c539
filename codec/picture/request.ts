import { MAX_SIDE } from "../asset/parse.js";
import { SieddError } from "../errors.js";

/** A part of the picture in source pixels; edges may lie between pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Which part of the picture, computed as how many pixels. */
export interface PictureRequest {
  readonly region: Region;
  /** Output pixels. */
  readonly width: number;
  readonly height: number;
}

/** The whole picture. */
export const fullRegion = (picture: { width: number; height: number }): Region => ({
  x: 0,
  y: 0,
  width: picture.width,
  height: picture.height,
});

/** Throws `bad-request` unless the region lies in the picture and the size is whole and within 1 .. 8192 a side. */
export function checkRequest(request: PictureRequest, picture: { width: number; height: number }): void {
  const { region, width, height } = request;
  const slack = 1e-6;
  const inside =
    region.width > 0 &&
    region.height > 0 &&
    region.x >= -slack &&
    region.y >= -slack &&
    region.x + region.width <= picture.width + slack &&
    region.y + region.height <= picture.height + slack;
  if (!inside) {
    throw new SieddError(
      "bad-request",
      `region ${region.x},${region.y},${region.width},${region.height} does not lie in the picture of ${picture.width} x ${picture.height}`,
    );
  }
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
      throw new SieddError(
        "bad-request",
        `size ${width} x ${height} is not within 1 to ${MAX_SIDE} pixels a side`,
      );
    }
  }
}
