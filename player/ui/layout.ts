import { create } from "../dom.js";
import type { Size } from "../geometry/size.js";
import type { Strings } from "../i18n/strings.js";
import {
  airplayIcon,
  captionsIcon,
  castIcon,
  closeIcon,
  enterFullscreenIcon,
  leaveFullscreenIcon,
  mutedIcon,
  pauseIcon,
  pipIcon,
  playIcon,
  replayIcon,
  settingsIcon,
  volumeIcon,
  zoomIcon,
} from "./icons.js";
import { playerStyles } from "./styles.js";

type Word = keyof Strings;

const button = (part: string, label: Word, ...children: (Node | string)[]) =>
  create("button", { type: "button", part: `button ${part}`, class: part, "data-label": label }, ...children);

const range = (part: string, label: Word, step: string) =>
  create("input", {
    type: "range",
    class: part,
    part,
    min: "0",
    max: "1",
    step,
    value: "0",
    "data-label": label,
  });

/** The picture and what lies on it while it is zoomed. */
function buildFrame() {
  const video = create("video", { part: "video", playsinline: true });
  const held = create("canvas", { class: "held", hidden: true, "aria-hidden": "true" });
  const drawn = create("div", { class: "drawn", hidden: true, "aria-hidden": "true" });
  const frame = create("div", { class: "frame", part: "frame" }, video, held, drawn);
  const thumbnail = create("div", { class: "thumbnail" });
  const lens = create("div", { class: "lens" });
  // By keys one pans without it.
  const minimap = create(
    "div",
    { class: "minimap", part: "minimap", hidden: true, "aria-hidden": "true" },
    thumbnail,
    lens,
  );
  const fullFrame = create(
    "button",
    { type: "button", part: "button full-frame", class: "full-frame" },
    create("span", { dir: "ltr" }, ""),
    create("span", { class: "unseen", "data-text": "fullFrame" }),
    closeIcon(),
  );
  fullFrame.hidden = true;
  const map = create("div", { class: "map" }, minimap, fullFrame);
  return { video, held, drawn, frame, thumbnail, lens, minimap, fullFrame, map };
}

/** The bar below, from left to right. */
function buildControls() {
  const seek = range("seek", "seek", "any");
  const previewFrame = create("div", { class: "preview-frame" });
  const previewTime = create("span", { class: "preview-time" });
  const preview = create(
    "div",
    { class: "preview", part: "preview", hidden: true, "aria-hidden": "true" },
    previewFrame,
    previewTime,
  );
  const play = button("play", "play", playIcon(), pauseIcon(), replayIcon());
  const mute = button("mute", "mute", volumeIcon(), mutedIcon());
  const volume = range("volume", "volume", "0.05");
  const time = create("span", { class: "time", part: "time" }, "0:00");
  const size = create("span", {
    class: "size",
    part: "size",
    "data-label": "size",
    role: "img",
    hidden: true,
  });
  const zoomTool = button("zoom-tool", "zoomTool", zoomIcon());
  zoomTool.setAttribute("aria-pressed", "false");
  const captions = button("captions-button", "captionsOn", captionsIcon());
  captions.hidden = true;
  const settings = button("settings-button", "settings", settingsIcon());
  settings.setAttribute("aria-haspopup", "true");
  settings.setAttribute("aria-expanded", "false");
  const airplay = button("airplay", "airplay", airplayIcon());
  const cast = button("cast", "cast", castIcon());
  airplay.hidden = true;
  cast.hidden = true;
  const pip = button("pip", "enterPip", pipIcon());
  const fullscreen = button("fullscreen", "enterFullscreen", enterFullscreenIcon(), leaveFullscreenIcon());
  const row = create(
    "div",
    { class: "row" },
    ...[play, mute, volume, time, create("span", { class: "gap" }), size],
    ...[zoomTool, captions, settings, airplay, cast, pip, fullscreen],
  );
  const controls = create(
    "div",
    { class: "controls", part: "controls", role: "group", "data-label": "controls" },
    create("div", { class: "timeline" }, preview, seek),
    row,
  );
  return {
    ...{ controls, seek, preview, previewPicture: previewFrame, previewTime, play, mute, volume, time, size },
    ...{ zoomTool, captions, settings, airplay, cast, pip, fullscreen },
  };
}

/** What lies over all, one at a time. */
function buildPanels() {
  const menu = create("div", { class: "menu", part: "menu", hidden: true });
  const statistics = create("dl", {});
  const stats = create(
    "div",
    { class: "stats", part: "stats", role: "region", "data-label": "stats", hidden: true },
    statistics,
  );
  const keys = create("dl", {});
  const closeHelp = button("close-help", "close", closeIcon());
  const help = create(
    "div",
    { class: "help", part: "help", role: "dialog", "data-label": "help", hidden: true },
    create("div", { class: "sheet", tabindex: "-1" }, create("h2", { "data-text": "help" }), keys),
    closeHelp,
  );
  const sentence = create("p", { part: "error-message" });
  const retry = create("button", { type: "button", part: "button retry", "data-text": "retry" });
  const error = create(
    "div",
    { class: "error", part: "error", role: "alert", hidden: true },
    sentence,
    retry,
  );
  return { menu, stats, statistics, help, keys, closeHelp, error, sentence, retry };
}

/** The shadow tree: what is there, without what it does. */
export function buildLayout(root: ShadowRoot) {
  const shape = new CSSStyleSheet();
  root.adoptedStyleSheets = [playerStyles(), shape];
  const frame = buildFrame();
  const bar = buildControls();
  const panels = buildPanels();
  const bigPlay = button("big-play", "play", playIcon());
  const spinner = create("div", { class: "spinner", part: "spinner", role: "status", hidden: true });
  spinner.dataset.label = "loading";
  const cues = create("div", { class: "cues", part: "captions", "aria-live": "off" });
  /** Says what a key or a gesture has done, to eyes and to screen readers. */
  const toast = create("div", { class: "toast", part: "toast", role: "status" });
  const stage = create(
    "div",
    { class: "stage", part: "stage", tabindex: "0", role: "group", "data-label": "player" },
    ...[frame.frame, cues, spinner, toast, frame.map, bigPlay, panels.stats],
    ...[bar.controls, panels.menu, panels.error, panels.help],
  );
  root.append(stage);
  return {
    ...frame,
    ...bar,
    ...panels,
    ...{ stage, bigPlay, spinner, cues, toast },
    /** The picture's shape, which the element takes on where the page does not size it. */
    setShape: ({ width, height }: Size) => shape.replaceSync(`:host { --_aspect: ${width} / ${height}; }`),
  };
}

/** The parts of the shadow tree. */
export type Layout = ReturnType<typeof buildLayout>;
