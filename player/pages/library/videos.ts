import { create } from "../../dom.js";

/** A video of the list, with an absolute address. */
export interface ListedVideo {
  readonly id: string;
  /** What `<siedd-player src>` takes. */
  readonly src: string;
  readonly link: HTMLAnchorElement;
}

/** The videos that the server wrote into the page. @param root the server's folder, ending in a slash */
export function readVideos(root: URL): readonly ListedVideo[] {
  const links = document.querySelectorAll<HTMLAnchorElement>("#videos a[data-id]");
  return [...links].map((link) => {
    const id = link.dataset.id ?? "";
    const poster = link.querySelector("img");
    poster?.addEventListener("error", () => poster.replaceWith(create("span", { class: "poster" })), {
      once: true,
    });
    return { id, src: new URL(link.dataset.src ?? encodeURIComponent(id), root).href, link };
  });
}
