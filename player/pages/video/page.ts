import { create } from "../../dom.js";
import type { SieddPlayerElement } from "../../element/element.js";
import { computeRequestedSize, type Size, sameSize } from "../../geometry/size.js";
import { parseVideoInfo } from "../../source/video-info.js";
import { fetchFacts, showFacts } from "./facts.js";
import { makeResizable } from "./resizing.js";
import { SegmentHistory } from "./segment-history.js";
import { showServerLoad } from "./server-load.js";
import { setupCopyButtons, showSnippets } from "./snippets.js";
import { type ListedVideo, readVideos } from "./videos.js";

/** Returns an element of index.html, which is served together with this module. */
const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

// This module is served from `player/` below the catalog.
const root = new URL("..", import.meta.url);
const player = byId<SieddPlayerElement>("player");
const history = new SegmentHistory(byId("segments"));
let facts: Parameters<typeof showFacts>[1] | null = null;
let selection = new AbortController();

const format = ({ width, height }: Size) => `${width} × ${height}`;

/** Returns the size that the current box needs. During a drag the requested size follows with a delay. */
function sizeOfBox(): Size | null {
  if (facts === null) return null;
  const { width, height } = player.getBoundingClientRect();
  if (width === 0) return null;
  const density = window.devicePixelRatio;
  const uncapped = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };
  return computeRequestedSize({
    box: { width: width * density, height: height * density },
    source: facts,
    limits: parseVideoInfo(facts).limits,
    cap: uncapped,
  });
}

function showSize(): void {
  const size = sizeOfBox();
  if (size === null) return;
  byId("size").replaceChildren(String(size.width), create("i", {}, "×"), String(size.height));
  const shown = { width: player.videoWidth, height: player.videoHeight };
  byId("status").textContent =
    shown.width === 0
      ? "Decoding the first second…"
      : sameSize(shown, size)
        ? "On screen, pixel for pixel."
        : `On screen: ${format(shown)}. Next: ${format(size)}.`;
}

const resizing = makeResizable(byId("box"), byId("grip"), () => {
  byId("box").classList.remove("hinting");
});

/** Starts playback, muted if the browser does not allow audio yet. */
async function start(): Promise<void> {
  try {
    await player.play();
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    player.muted = true;
    byId("unmute").hidden = false;
    await player.play().catch(() => undefined);
  }
}

function select(video: ListedVideo): void {
  selection.abort();
  selection = new AbortController();
  facts = null;
  history.clear();
  byId("video-section").hidden = false;
  byId("size").textContent = "\u00a0";
  byId("name").textContent = video.id;
  byId("facts").replaceChildren();
  document.title = `${video.id} · siedd`;
  for (const link of document.querySelectorAll<HTMLAnchorElement>("#videos a[data-id]")) {
    if (link === video.link) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  player.src = video.src;
  void start();
  fetchFacts(video.src, selection.signal).then(
    (read) => {
      facts = read;
      showFacts(byId("facts"), read);
      showSnippets(root, video, read);
      byId("box").style.setProperty("--aspect", String(read.width / read.height));
      showSize();
    },
    // The player reports the error.
    () => undefined,
  );
}

async function open(): Promise<void> {
  const videos = readVideos(root);
  if (videos.length === 0) return;
  await customElements.whenDefined("siedd-player");
  const hashId = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return "";
    }
  };
  const onHashChange = () => select(videos.find(({ id }) => id === hashId()) ?? videos[0]);
  window.addEventListener("hashchange", onHashChange);
  onHashChange();
}

new ResizeObserver(showSize).observe(player);
for (const type of ["sizechange", "resize", "loadeddata", "emptied"]) player.addEventListener(type, showSize);
for (const type of ["timeupdate", "seeked", "resize"]) {
  player.addEventListener(type, () => history.highlight(player.currentTime));
}
player.addEventListener("segment", (event) => history.add((event as CustomEvent).detail));
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-width]")) {
  const pixels = Number(button.dataset.width);
  button.addEventListener("click", () => {
    resizing.setWidth(Number.isNaN(pixels) ? Number.POSITIVE_INFINITY : pixels / window.devicePixelRatio);
  });
}
byId("unmute").addEventListener("click", () => {
  player.muted = false;
});
player.addEventListener("volumechange", () => {
  if (!player.muted) byId("unmute").hidden = true;
});
byId("box").classList.add("hinting");
setupCopyButtons(byId("copy-status"));
showServerLoad(root);
void open();
