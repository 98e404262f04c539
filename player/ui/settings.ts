import { create } from "../dom.js";
import { computeRequestedSize } from "../geometry/size.js";
import { interpolate, isolateLtr } from "../i18n/strings.js";
import type { Captions } from "./captions.js";
import type { ControlContext } from "./control-context.js";
import { createMenu, type Menu, type MenuItem, type MenuPage } from "./menu.js";
import type { Screens } from "./screens.js";

/** Times as fast as the video. */
export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];
/** Rows of pixels that people know by name; any other number can be typed. */
const STANDARD_HEIGHTS = [1080, 720, 480, 360, 240, 144];
const MIN_HEIGHT = 16;
const UNBOUNDED = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };

/** The name of a language in the viewer's own. */
function languageName(language: string, viewer: string): string {
  try {
    return new Intl.DisplayNames([viewer], { type: "language" }).of(language) ?? language;
  } catch {
    return language;
  }
}

export interface Statistics {
  readonly shown: boolean;
  toggle(): void;
}

/** The menu of what can be set: speed, quality, captions, sound track, statistics. */
export function setupSettings(
  context: ControlContext,
  captions: Captions,
  statistics: Statistics,
  screens: Screens,
): Menu {
  const { host, layout, localizer, signal, on } = context;
  const menu = createMenu(layout.menu, layout.settings, () => localizer.strings.back, signal);
  const speed = (rate: number) => (rate === 1 ? localizer.strings.normal : isolateLtr(`${rate}×`));
  const trackName = (track: { label: string; language: string }, index: number) =>
    track.label ||
    (track.language && languageName(track.language, layout.stage.lang)) ||
    interpolate(localizer.strings.track, { number: index + 1 });
  const audioTracks = () => [...host.audioTracks];
  const done = (act: () => void) => () => {
    act();
    menu.close();
  };
  const page = (title: string, from: number, items: readonly MenuItem[], below?: HTMLElement): MenuPage => ({
    title,
    items,
    ...(below !== undefined && { below }),
    back: () => menu.show(first(), from),
  });

  const speedPage = (from: number) =>
    page(
      localizer.strings.speed,
      from,
      SPEEDS.map((rate) => ({
        label: speed(rate),
        checked: host.playbackRate === rate,
        choose: done(() => {
          host.playbackRate = rate;
        }),
      })),
    );
  const captionsPage = (from: number) =>
    page(localizer.strings.captions, from, [
      {
        label: localizer.strings.off,
        checked: captions.current === null,
        choose: done(() => captions.choose(null)),
      },
      ...captions.tracks.map((track, index) => ({
        label: trackName(track, index),
        checked: captions.current === track,
        choose: done(() => captions.choose(track)),
      })),
    ]);
  const audioPage = (from: number) =>
    page(
      localizer.strings.audio,
      from,
      audioTracks().map((track, index) => ({
        label: trackName(track, index),
        checked: track.enabled,
        choose: done(() => {
          for (const other of audioTracks()) other.enabled = other === track;
        }),
      })),
    );
  const qualityPage = (from: number) => {
    const info = host.info;
    const highest = info === null ? 0 : computeRequestedSize(UNBOUNDED, info, info.limits, UNBOUNDED).height;
    const setTo = (quality: number | "auto") =>
      done(() => {
        host.quality = quality;
      });
    const heights = STANDARD_HEIGHTS.filter((height) => info !== null && height <= info.height);
    return page(
      localizer.strings.quality,
      from,
      [
        { label: autoQuality(), checked: host.quality === "auto", choose: setTo("auto") },
        ...heights.map((height) => ({
          label: isolateLtr(`${height} p`),
          checked: host.quality === height,
          choose: setTo(height),
        })),
      ],
      heightField(highest),
    );
  };
  const heightField = (highest: number) => {
    const field = create("input", {
      type: "number",
      inputmode: "numeric",
      min: String(MIN_HEIGHT),
      max: String(highest),
      step: "1",
      placeholder: String(host.requestedSize?.height ?? ""),
      "aria-label": localizer.strings.ownHeight,
    });
    if (host.quality !== "auto") field.value = String(host.quality);
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !field.reportValidity() || field.value === "") return;
      host.quality = Number(field.value);
      menu.close();
    });
    return create("label", { class: "own-height" }, create("span", {}, localizer.strings.ownHeight), field);
  };
  const autoQuality = () => {
    const size = host.requestedSize;
    // What a fixed height asks for says nothing of what would be chosen.
    return size === null || host.quality !== "auto"
      ? localizer.strings.auto
      : `${localizer.strings.auto} (${isolateLtr(`${size.width} × ${size.height}`)})`;
  };
  const first = (): MenuPage => {
    const { strings: text } = localizer;
    const audio = audioTracks();
    const items: MenuItem[] = [];
    const add = (label: string, value: string, open: (from: number) => MenuPage) => {
      const from = items.length;
      items.push({ label, value, choose: () => menu.show(open(from)) });
    };
    add(text.quality, host.quality === "auto" ? text.auto : isolateLtr(`${host.quality} p`), qualityPage);
    add(text.speed, speed(host.playbackRate), speedPage);
    if (captions.tracks.length > 0) {
      const at = captions.current === null ? -1 : captions.tracks.indexOf(captions.current);
      add(text.captions, at < 0 ? text.off : trackName(captions.tracks[at]!, at), captionsPage);
    }
    if (audio.length > 1) {
      const at = Math.max(
        0,
        audio.findIndex(({ enabled }) => enabled),
      );
      add(text.audio, trackName(audio[at]!, at), audioPage);
    }
    // A narrow player has no room for its button.
    if (!layout.pip.hidden && getComputedStyle(layout.pip).display === "none")
      items.push({ label: layout.pip.title, choose: done(() => screens.togglePip()) });
    items.push({
      label: `${text.stats} · ${statistics.shown ? text.on : text.off}`,
      choose: done(() => statistics.toggle()),
    });
    return { title: text.settings, items };
  };

  on(layout.settings, "click", () => (menu.open ? menu.close() : menu.show(first())));
  // Where a menu is open, a press beside it closes it and does nothing else.
  on(layout.stage, "pointerdown", (event) => {
    const path = event.composedPath();
    if (menu.open && !path.includes(layout.menu) && !path.includes(layout.settings)) menu.close();
  });
  on(host, "emptied", () => menu.close());
  localizer.onChange(() => menu.close(), signal);
  return menu;
}
