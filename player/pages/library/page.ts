import { create } from "../../dom.js";
import type { SieddPlayerElement } from "../../element/element.js";
import { computeRequestedSize, type Size, sameSize } from "../../geometry/size.js";
import { parseVideoInfo } from "../../source/video-info.js";
import { watchServer } from "./console.js";
import { fetchFacts, showFacts } from "./facts.js";
import { makeResizable } from "./resizing.js";
import { SegmentHistory } from "./segment-history.js";
import { makeCopyable, showSnippets } from "./snippets.js";
import { type ListedVideo, readVideos } from "./videos.js";

/** The page is one fixed document that comes with this module, so its parts are there. */
const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

// This module lies in `player/` below the catalog, under whatever prefix.
const root = new URL("..", import.meta.url);
const player = byId<SieddPlayerElement>("player");
const history = new SegmentHistory(byId("segments"));
let facts: Parameters<typeof showFacts>[1] | null = null;
let choice = new AbortController();

const format = ({ width, height }: Size) => `${width} × ${height}`;

/** The size that the box as it is now leads to; while it is being dragged that is ahead of what is asked for. */
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
      ? "Computing the first second…"
      : sameSize(shown, size)
        ? "On screen now, pixel for pixel."
        : `On screen ${format(shown)}, then ${format(size)}.`;
}

const resizing = makeResizable(byId("box"), byId("grip"), () => {
  byId("box").classList.remove("hinting");
});

/** With sound where the browser allows it, else silent: a page that moves explains itself. */
async function start(): Promise<void> {
  try {
    await player.play();
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    player.muted = true;
    byId("sound").hidden = false;
    await player.play().catch(() => undefined);
  }
}

function choose(video: ListedVideo): void {
  choice.abort();
  choice = new AbortController();
  facts = null;
  history.clear();
  byId("cinema").hidden = false;
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
  fetchFacts(video.src, choice.signal).then(
    (read) => {
      facts = read;
      showFacts(byId("facts"), read);
      showSnippets(root, video, read);
      byId("box").style.setProperty("--aspect", String(read.width / read.height));
      showSize();
    },
    // The player says what is wrong with the video.
    () => undefined,
  );
}

async function open(): Promise<void> {
  const videos = readVideos(root);
  if (videos.length === 0) return;
  await customElements.whenDefined("siedd-player");
  const wanted = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return "";
    }
  };
  const onSizeChange = () => choose(videos.find(({ id }) => id === wanted()) ?? videos[0]);
  window.addEventListener("hashchange", onSizeChange);
  onSizeChange();
}

new ResizeObserver(showSize).observe(player);
for (const type of ["sizechange", "resize", "loadeddata", "emptied"]) player.addEventListener(type, showSize);
for (const type of ["timeupdate", "seeked", "resize"]) {
  player.addEventListener(type, () => history.mark(player.currentTime));
}
player.addEventListener("segment", (event) => history.add((event as CustomEvent).detail));
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-width]")) {
  const pixels = Number(button.dataset.width);
  button.addEventListener("click", () => {
    resizing.setWidth(Number.isNaN(pixels) ? Number.POSITIVE_INFINITY : pixels / window.devicePixelRatio);
  });
}
byId("sound").addEventListener("click", () => {
  player.muted = false;
});
player.addEventListener("volumechange", () => {
  if (!player.muted) byId("sound").hidden = true;
});
byId("box").classList.add("hinting");
makeCopyable(byId("copied"));
watchServer(root);
void open();
