import type { CatalogEntry } from "../catalog/catalog.js";

/** Returns the title of a video: that of its file, or else the file's name without folders and extension. */
export function videoTitle({
  id,
  opened,
}: {
  readonly id: string;
  readonly opened: CatalogEntry | undefined;
}): string {
  const title = opened?.video.metadata.title ?? "";
  return title === "" ? id.slice(id.lastIndexOf("/") + 1) : title;
}
