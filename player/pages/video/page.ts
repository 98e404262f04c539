import { create } from "../../dom.js";
import type { SieddPlayerElement } from "../../element/element.js";
import { computeRequestedSize, type Size, sameSize } from "../../geometry/size.js";
import { parseVideoInfo } from "../../source/video-info.js";
import { videoUrl } from "../../source/video-url.js";
import { LivePage } from "../live/live-page.js";
import { showServerLoad } from "../server-load/server-load.js";
import { setupEncodeControls } from "./encode-controls.js";
import { makeResizable } from "./resizing.js";
import { SegmentHistory } from "./segment-history.js";
import { type PageVideo, setupCopyButtons, showSnippets } from "./snippets.js";

/** The members of info.json that the page uses. */
interface VideoFacts {
  readonly width: number;
  readonly height: number;
}

/** Returns an element of video.html, which is served together with this module. */
const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

// This module is served from `player/` below the catalog.
const root = new URL("..", import.meta.url);
const player = byId<SieddPlayerElement>("player");
const history = new SegmentHistory(byId("segments"));
const { id = "", src = "" } = byId("video-section").dataset;
const video: PageVideo = { id, src: new URL(src, location.href).href };
let facts: VideoFacts | null = null;

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

async function open(): Promise<void> {
  await customElements.whenDefined("siedd-player");
  player.src = video.src;
  void start();
  const response = await fetch(videoUrl(video.src, "info.json"));
  // The player reports the error.
  if (!response.ok) return;
  facts = (await response.json()) as VideoFacts;
  showSnippets(root, video, facts);
  byId("box").style.setProperty("--aspect", String(facts.width / facts.height));
  showSize();
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
const page = new LivePage(["about", "controls"]);
setupEncodeControls(root, id, byId("controls"), () => page.update());
open().catch(() => undefined);
