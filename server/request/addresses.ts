import type { ImageFormat } from "../render/encode-image.js";
import type { SizeRequest } from "./size.js";
import { sizeInUrl } from "./size.js";

/** Canonical URL of a picture, relative to `/:id/` and without `v`. @param region in its canonical spelling */
export const imageUrl = (
  region: string,
  size: SizeRequest,
  milliseconds: number,
  format: ImageFormat,
): string => `${region}/${sizeInUrl(size)}/frame-${milliseconds}.${format}`;
