import { create } from "../dom.js";
import type { Size } from "../geometry/size.js";
import type { Strings } from "../i18n/strings.js";
import {
  airplayIcon,
  captionsIcon,
  castIcon,
  closeIcon,
  enterFullscreenIcon,
  exitFullscreenIcon,
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

type StringKey = keyof Strings;

const button = (part: string, label: StringKey, ...children: (Node | string)[]) =>
  create("button", { type: "button", part: `button ${part}`, class: part, "data-label": label }, ...children);

const slider = (part: string, label: StringKey, step: string) =>
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

/** Builds the video, and what is drawn over it while it is zoomed. */
function buildVideoContainer() {
  const video = create("video", { part: "video", playsinline: true });
  const heldFrame = create("canvas", { class: "held-frame", hidden: true, "aria-hidden": "true" });
  const poster = create("img", { class: "poster", part: "poster", alt: "", hidden: true });
  const selection = create("div", { class: "selection", hidden: true, "aria-hidden": "true" });
  const videoContainer = create(
    "div",
    { class: "video-container", part: "video-container" },
    video,
    heldFrame,
    poster,
    selection,
  );
  const thumbnail = create("div", { class: "thumbnail" });
  const minimapViewport = create("div", { class: "minimap-viewport" });
  // Hidden from assistive technology: the keyboard pans without it.
  const minimap = create(
    "div",
    { class: "minimap", part: "minimap", hidden: true, "aria-hidden": "true" },
    thumbnail,
    minimapViewport,
  );
  const zoomFactor = create("span", { dir: "ltr" });
  const resetZoomButton = create(
    "button",
    { type: "button", part: "button reset-zoom", class: "reset-zoom" },
    zoomFactor,
    create("span", { class: "visually-hidden", "data-text": "resetZoom" }),
    closeIcon(),
  );
  resetZoomButton.hidden = true;
  const zoomOverlay = create("div", { class: "zoom-overlay" }, minimap, resetZoomButton);
  return {
    video,
    heldFrame,
    poster,
    selection,
    videoContainer,
    thumbnail,
    minimapViewport,
    minimap,
    zoomFactor,
    resetZoomButton,
    zoomOverlay,
  };
}

/** Builds the seek slider and its thumbnail preview. */
function buildTimeline() {
  const seekSlider = slider("seek", "seek", "any");
  const previewThumbnail = create("div", { class: "preview-thumbnail" });
  const previewTime = create("span", { class: "preview-time" });
  const preview = create(
    "div",
    { class: "preview", part: "preview", hidden: true, "aria-hidden": "true" },
    previewThumbnail,
    previewTime,
  );
  const timeline = create("div", { class: "timeline" }, preview, seekSlider);
  return { timeline, seekSlider, preview, previewThumbnail, previewTime };
}

/** Builds the row of buttons, in display order. */
function buildButtons() {
  const playButton = button("play", "play", playIcon(), pauseIcon(), replayIcon());
  const muteButton = button("mute", "mute", volumeIcon(), mutedIcon());
  const volumeSlider = slider("volume", "volume", "0.05");
  const time = create("span", { class: "time", part: "time" }, "0:00");
  const spacer = create("span", { class: "spacer" });
  const resolution = create("span", {
    class: "resolution",
    part: "resolution",
    "data-label": "resolution",
    role: "img",
    hidden: true,
  });
  const zoomToolButton = button("zoom-tool", "zoomTool", zoomIcon());
  zoomToolButton.setAttribute("aria-pressed", "false");
  const captionsButton = button("captions-button", "enableCaptions", captionsIcon());
  captionsButton.hidden = true;
  const settingsButton = button("settings-button", "settings", settingsIcon());
  settingsButton.setAttribute("aria-haspopup", "true");
  settingsButton.setAttribute("aria-expanded", "false");
  const airplayButton = button("airplay", "airplay", airplayIcon());
  airplayButton.hidden = true;
  const castButton = button("cast", "cast", castIcon());
  castButton.hidden = true;
  const pipButton = button("pip", "enterPip", pipIcon());
  const fullscreenButton = button(
    "fullscreen",
    "enterFullscreen",
    enterFullscreenIcon(),
    exitFullscreenIcon(),
  );
  const elements = {
    playButton,
    muteButton,
    volumeSlider,
    time,
    spacer,
    resolution,
    zoomToolButton,
    captionsButton,
    settingsButton,
    airplayButton,
    castButton,
    pipButton,
    fullscreenButton,
  };
  return { ...elements, row: create("div", { class: "row" }, ...Object.values(elements)) };
}

/** Builds the settings menu, the statistics, the keyboard help and the error message. */
function buildPanels() {
  const menuPanel = create("div", { class: "menu", part: "menu", hidden: true });
  const statsList = create("dl");
  const statsPanel = create(
    "div",
    { class: "stats", part: "stats", role: "region", "data-label": "statistics", hidden: true },
    statsList,
  );
  const shortcutList = create("dl");
  const closeHelpButton = button("close-help", "close", closeIcon());
  const helpSheet = create(
    "div",
    { class: "sheet", tabindex: "-1" },
    create("h2", { "data-text": "help" }),
    shortcutList,
  );
  const helpPanel = create(
    "div",
    { class: "help", part: "help", role: "dialog", "data-label": "help", hidden: true },
    helpSheet,
    closeHelpButton,
  );
  const errorMessage = create("p", { part: "error-message" });
  const retryButton = create("button", { type: "button", part: "button retry", "data-text": "retry" });
  const errorPanel = create(
    "div",
    { class: "error", part: "error", role: "alert", hidden: true },
    errorMessage,
    retryButton,
  );
  return {
    menuPanel,
    statsPanel,
    statsList,
    helpPanel,
    helpSheet,
    shortcutList,
    closeHelpButton,
    errorPanel,
    errorMessage,
    retryButton,
  };
}

/** Builds the shadow tree, without behavior. */
export function buildLayout(root: ShadowRoot) {
  const videoElements = buildVideoContainer();
  const timelineElements = buildTimeline();
  const buttons = buildButtons();
  const panels = buildPanels();
  const controls = create(
    "div",
    { class: "controls", part: "controls", role: "group", "data-label": "controls" },
    timelineElements.timeline,
    buttons.row,
  );
  const bigPlayButton = button("big-play", "play", playIcon());
  const spinner = create("div", {
    class: "spinner",
    part: "spinner",
    role: "status",
    "data-label": "loading",
    hidden: true,
  });
  const captionsOverlay = create("div", { class: "captions", part: "captions", "aria-live": "off" });
  const title = create("div", { class: "title", part: "title", dir: "auto" });
  const toast = create("div", { class: "toast", part: "toast", role: "status" });
  // In the order in which they are painted, from back to front.
  const stage = create(
    "div",
    { class: "stage", part: "stage", tabindex: "0", role: "group", "data-label": "player" },
    videoElements.videoContainer,
    spinner,
    title,
    toast,
    videoElements.zoomOverlay,
    bigPlayButton,
    panels.statsPanel,
    captionsOverlay,
    controls,
    panels.menuPanel,
    panels.errorPanel,
    panels.helpPanel,
  );
  root.append(stage);
  let videoSize = "";
  /** Constructed style sheets belong to one document, so another document needs its own. */
  const adoptStyles = () => {
    const document = stage.ownerDocument;
    const sizeSheet = new (document.defaultView ?? globalThis).CSSStyleSheet();
    sizeSheet.replaceSync(videoSize);
    root.adoptedStyleSheets = [playerStyles(document), sizeSheet];
  };
  adoptStyles();
  return {
    ...videoElements,
    ...timelineElements,
    ...buttons,
    ...panels,
    controls,
    stage,
    bigPlayButton,
    spinner,
    captionsOverlay,
    title,
    toast,
    adoptStyles,
    /** Sets the size and aspect ratio that the element has unless the page sizes it. */
    setVideoSize({ width, height }: Size) {
      videoSize = `:host { --_aspect: ${width} / ${height}; --_width: ${width}px; }`;
      root.adoptedStyleSheets[1]!.replaceSync(videoSize);
    },
  };
}

/** The elements of the shadow tree. */
export type Layout = ReturnType<typeof buildLayout>;
