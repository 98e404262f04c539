import { create } from "./dom.js";
import {
  enterFullscreenIcon,
  leaveFullscreenIcon,
  mutedIcon,
  pauseIcon,
  playIcon,
  replayIcon,
  soundIcon,
} from "./icons.js";
import type { Size } from "./size.js";
import { STRINGS } from "./strings.js";
import { playerStyles } from "./styles.js";

/** The shadow tree: what is there, without what it does. */
export interface Skin {
  readonly stage: HTMLElement;
  readonly video: HTMLVideoElement;
  readonly bigPlay: HTMLButtonElement;
  readonly spinner: HTMLElement;
  readonly controls: HTMLElement;
  readonly seek: HTMLInputElement;
  readonly play: HTMLButtonElement;
  readonly mute: HTMLButtonElement;
  readonly volume: HTMLInputElement;
  readonly time: HTMLElement;
  readonly size: HTMLElement;
  readonly fullscreen: HTMLButtonElement;
  readonly error: HTMLElement;
  readonly sentence: HTMLElement;
  readonly retry: HTMLButtonElement;
  /** The picture's shape, which the element takes on where the page does not size it. */
  setShape(picture: Size): void;
}

const button = (part: string, label: string, ...children: Node[]) =>
  create(
    "button",
    { type: "button", part: `button ${part}`, class: part, "aria-label": label, title: label },
    ...children,
  );

export function buildSkin(root: ShadowRoot): Skin {
  const shape = new CSSStyleSheet();
  root.adoptedStyleSheets = [playerStyles(), shape];
  const video = create("video", { part: "video", playsinline: true });
  const bigPlay = button("big-play", STRINGS.play, playIcon());
  const spinner = create("div", {
    class: "spinner",
    part: "spinner",
    role: "status",
    "aria-label": STRINGS.loading,
    hidden: true,
  });
  const seek = create("input", {
    type: "range",
    class: "seek",
    part: "seek",
    min: "0",
    max: "1",
    step: "any",
    value: "0",
    "aria-label": STRINGS.seek,
  });
  const play = button("play", STRINGS.play, playIcon(), pauseIcon(), replayIcon());
  const mute = button("mute", STRINGS.mute, soundIcon(), mutedIcon());
  const volume = create("input", {
    type: "range",
    class: "volume",
    part: "volume",
    min: "0",
    max: "1",
    step: "0.05",
    value: "1",
    "aria-label": STRINGS.volume,
  });
  const time = create("span", { class: "time", part: "time" }, "0:00");
  const size = create("span", { class: "size", part: "size", title: STRINGS.size, hidden: true });
  const fullscreen = button(
    "fullscreen",
    STRINGS.enterFullscreen,
    enterFullscreenIcon(),
    leaveFullscreenIcon(),
  );
  const controls = create(
    "div",
    { class: "controls", part: "controls", role: "group", "aria-label": STRINGS.controls },
    seek,
    create(
      "div",
      { class: "row" },
      play,
      mute,
      volume,
      time,
      create("span", { class: "gap" }),
      size,
      fullscreen,
    ),
  );
  const sentence = create("p", { part: "error-message" });
  const retry = create("button", { type: "button", part: "button retry" }, STRINGS.retry);
  const error = create(
    "div",
    { class: "error", part: "error", role: "alert", hidden: true },
    sentence,
    retry,
  );
  const stage = create(
    "div",
    { class: "stage", part: "stage", tabindex: "0", role: "group", "aria-label": STRINGS.player },
    video,
    spinner,
    controls,
    bigPlay,
    error,
  );
  root.append(stage);
  return {
    stage,
    video,
    bigPlay,
    spinner,
    controls,
    seek,
    play,
    mute,
    volume,
    time,
    size,
    fullscreen,
    error,
    sentence,
    retry,
    setShape: ({ width, height }) => shape.replaceSync(`:host { --_aspect: ${width} / ${height}; }`),
  };
}
