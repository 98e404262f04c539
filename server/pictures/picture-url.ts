import type { SizeRequest } from "../sizes/size.js";
import { sizeInUrl } from "../sizes/size.js";
import type { PictureFormat } from "./encode-picture.js";

/** Canonical URL of a picture, relative to `/:id/` and without `v`. @param region in its canonical spelling */
export const pictureUrl = (
  region: string,
  size: SizeRequest,
  milliseconds: number,
  format: PictureFormat,
): string => `${region}/${sizeInUrl(size)}/frame-${milliseconds}.${format}`;
