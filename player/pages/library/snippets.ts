import { SIGNATURE_PARAMETER } from "../../../protocol/url-parameters.js";
import { elementSnippet, embedSnippet } from "../../element/embed-snippet.js";
import { videoUrl } from "../../source/video-url.js";
import type { ListedVideo } from "./videos.js";

const MESSAGE_MS = 2500;

/** Shows what to copy into another page for this video. */
export function showSnippets(
  root: URL,
  { id, src }: ListedVideo,
  size: { readonly width: number; readonly height: number },
): void {
  const signature = new URL(src).searchParams.get(SIGNATURE_PARAMETER) ?? undefined;
  const video = { root: root.href, id, ...size, signature };
  const texts = {
    element: elementSnippet(video),
    frame: embedSnippet(video),
    hls: videoUrl(src, "master.m3u8"),
  };
  for (const [name, text] of Object.entries(texts)) {
    const place = document.getElementById(name);
    if (place !== null) place.textContent = text;
  }
}

/** Makes the buttons copy what stands beside them, and say so in `told`. */
export function makeCopyable(told: HTMLElement): void {
  let timer: number | undefined;
  const say = (text: string) => {
    told.textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => {
      told.textContent = "";
    }, MESSAGE_MS);
  };
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.addEventListener("click", () => {
      const code = document.getElementById(button.dataset.copy ?? "");
      if (code === null) return;
      // Without a secure origin there is no clipboard: what is selected can be copied by hand.
      const copied =
        navigator.clipboard?.writeText(code.textContent ?? "") ?? Promise.reject(new Error("none"));
      copied.then(
        () => say("Copied."),
        () => {
          getSelection()?.selectAllChildren(code);
          say("Selected; press Ctrl C or ⌘ C to copy it.");
        },
      );
    });
  }
}
