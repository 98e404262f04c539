import { SIGNATURE_PARAMETER } from "../../../protocol/url-parameters.js";
import { elementSnippet, embedSnippet } from "../../element/embed-snippet.js";
import { videoUrl } from "../../source/video-url.js";

/** The video of the page. */
export interface PageVideo {
  readonly id: string;
  /** Absolute URL for `<siedd-player src>`. */
  readonly src: string;
}

const MESSAGE_MS = 2500;

/** Shows the snippets that embed the video in another page. */
export function showSnippets(
  root: URL,
  { id, src }: PageVideo,
  size: { readonly width: number; readonly height: number },
): void {
  const signature = new URL(src).searchParams.get(SIGNATURE_PARAMETER) ?? undefined;
  const video = { root: root.href, id, ...size, signature };
  const texts = {
    element: elementSnippet(video),
    iframe: embedSnippet(video),
    hls: videoUrl(src, "master.m3u8"),
  };
  for (const [name, text] of Object.entries(texts)) {
    const code = document.getElementById(name);
    if (code !== null) code.textContent = text;
  }
}

/** Makes the copy buttons copy their snippets, and reports the result in `status`. */
export function setupCopyButtons(status: HTMLElement): void {
  let timer: number | undefined;
  const report = (text: string) => {
    status.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => {
      status.textContent = "";
    }, MESSAGE_MS);
  };
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.addEventListener("click", () => {
      const code = document.getElementById(button.dataset.copy ?? "");
      if (code === null) return;
      // The clipboard API needs a secure context. Without it, the text is selected instead.
      const copied =
        navigator.clipboard?.writeText(code.textContent ?? "") ?? Promise.reject(new Error("no clipboard"));
      copied.then(
        () => report("Copied."),
        () => {
          getSelection()?.selectAllChildren(code);
          report("Selected. Press Ctrl+C or ⌘C to copy.");
        },
      );
    });
  }
}
