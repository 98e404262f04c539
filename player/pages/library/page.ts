import { encodeId } from "../../../protocol/url-parameters.js";
import { LivePage } from "../live/live-page.js";
import { showServerLoad } from "../server-load/server-load.js";

/** Milliseconds without a key press before the library is searched. */
const SEARCH_DELAY_MS = 250;

// This module is served from `player/` below the library.
const root = new URL("..", import.meta.url);

/** Opens the page of the video in the fragment: that was its address in earlier versions. */
function followFragment(): void {
  const fragment = location.hash.slice(1);
  if (fragment === "" || document.getElementById(fragment) !== null) return;
  try {
    const page = new URL(`player/video/${encodeId(decodeURIComponent(fragment))}`, root);
    page.search = location.search;
    location.replace(page);
  } catch {
    // The fragment is no id.
  }
}

/** Searches while the viewer types. */
function searchAsYouType(form: HTMLFormElement, page: LivePage): void {
  let timer: number | undefined;
  const search = () => {
    const url = new URL("./", location.href);
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string" && value.trim() !== "") url.searchParams.set(name, value);
    }
    history.replaceState(null, "", url);
    void page.update();
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, SEARCH_DELAY_MS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
}

followFragment();
window.addEventListener("hashchange", followFragment);
const form = document.querySelector<HTMLFormElement>("#search");
form?.classList.add("live");
const page = new LivePage(["results"]);
if (form !== null) searchAsYouType(form, page);
showServerLoad(root);
const uploadSection = document.querySelector<HTMLElement>("#upload");
if (uploadSection !== null) {
  void import("./upload.js").then(
    ({ Uploader }) => new Uploader(uploadSection, root, () => void page.update()),
  );
}
