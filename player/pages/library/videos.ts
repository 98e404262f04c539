import { create } from "../../dom.js";
import { encodeId } from "../../../protocol/url-parameters.js";

/** A video in the list. */
export interface ListedVideo {
  readonly id: string;
  /** Absolute URL for `<siedd-player src>`. */
  readonly src: string;
  readonly link: HTMLAnchorElement;
}

/**
 * Reads the list of videos that the server wrote into the page.
 *
 * @param root URL of the catalog, with a trailing slash
 */
export function readVideos(root: URL): readonly ListedVideo[] {
  const links = document.querySelectorAll<HTMLAnchorElement>("#videos a[data-id]");
  return [...links].map((link) => {
    const id = link.dataset.id ?? "";
    const poster = link.querySelector("img");
    poster?.addEventListener("error", () => poster.replaceWith(create("span", { class: "poster" })), {
      once: true,
    });
    return { id, src: new URL(link.dataset.src ?? encodeId(id), root).href, link };
  });
}
