import { create } from "../dom.js";
import { computeRequestedSize } from "../geometry/size.js";
import { interpolate, isolateLtr } from "../i18n/strings.js";
import type { Captions } from "./captions.js";
import type { ControlContext } from "./control-context.js";
import type { Menu, MenuItem, MenuPage } from "./menu.js";
import { PLAYBACK_RATES } from "./playback-rates.js";

/** Common heights in pixels. The viewer can type any other. */
const STANDARD_HEIGHTS = [1080, 720, 480, 360, 240, 144];
const MIN_HEIGHT = 16;
const UNBOUNDED = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };

/** Dependencies of the pages of the settings menu. */
export interface SettingsContext {
  readonly context: ControlContext;
  readonly menu: Menu;
  readonly captions: Captions;
  /** Opens the first page. */
  back(): void;
}

export const rateLabel = ({ localizer }: ControlContext, rate: number): string =>
  rate === 1 ? localizer.strings.normal : isolateLtr(`${rate}×`);

export const heightLabel = (height: number): string => isolateLtr(`${height}p`);

/** Returns the name of a language in the viewer's language, or its tag if the browser does not know it. */
function languageName(language: string, viewerLanguage: string): string {
  try {
    return new Intl.DisplayNames([viewerLanguage], { type: "language" }).of(language) ?? language;
  } catch {
    return language;
  }
}

/** Returns the label of a track, or else the name of its language, or else its number. */
export const trackLabel = (
  { layout, localizer }: ControlContext,
  track: { readonly label: string; readonly language: string },
  index: number,
): string =>
  track.label ||
  (track.language && languageName(track.language, layout.stage.lang)) ||
  interpolate(localizer.strings.track, { number: index + 1 });

/** Builds an exclusive choice that closes the menu when it is selected. */
const choice = (menu: Menu, label: string, checked: boolean, apply: () => void): MenuItem => ({
  label,
  checked,
  select() {
    apply();
    menu.close();
  },
});

export function speedPage({ context, menu, back }: SettingsContext): MenuPage {
  const { host, localizer } = context;
  const items = PLAYBACK_RATES.map((rate) =>
    choice(menu, rateLabel(context, rate), host.playbackRate === rate, () => {
      host.playbackRate = rate;
    }),
  );
  return { title: localizer.strings.speed, items, back };
}

export function captionsPage({ context, menu, captions, back }: SettingsContext): MenuPage {
  const { strings } = context.localizer;
  const off = choice(menu, strings.off, captions.current === null, () => captions.select(null));
  const tracks = captions.tracks.map((track, index) =>
    choice(menu, trackLabel(context, track, index), captions.current === track, () => captions.select(track)),
  );
  return { title: strings.captions, items: [off, ...tracks], back };
}

export function audioPage({ context, menu, back }: SettingsContext): MenuPage {
  const { host, localizer } = context;
  const tracks = [...host.audioTracks];
  const items = tracks.map((track, index) =>
    choice(menu, trackLabel(context, track, index), track.enabled, () => {
      for (const other of tracks) other.enabled = other === track;
    }),
  );
  return { title: localizer.strings.audio, items, back };
}

export function qualityPage({ context, menu, back }: SettingsContext): MenuPage {
  const { host, localizer } = context;
  const { info } = host;
  const item = (label: string, quality: number | "auto") =>
    choice(menu, label, host.quality === quality, () => {
      host.quality = quality;
    });
  const heights = STANDARD_HEIGHTS.filter((height) => info !== null && height <= info.height);
  return {
    title: localizer.strings.quality,
    items: [item(autoLabel(context), "auto"), ...heights.map((height) => item(heightLabel(height), height))],
    footer: buildHeightField(context, menu),
    back,
  };
}

/** Adds the requested size to "Auto", unless a fixed height determines it. */
function autoLabel({ host, localizer }: ControlContext): string {
  const { auto } = localizer.strings;
  const size = host.requestedSize;
  if (size === null || host.quality !== "auto") return auto;
  return `${auto} (${isolateLtr(`${size.width} × ${size.height}`)})`;
}

function buildHeightField({ host, localizer }: ControlContext, menu: Menu): HTMLElement {
  const { info } = host;
  const { customHeight } = localizer.strings;
  const max =
    info === null
      ? 0
      : computeRequestedSize({ box: UNBOUNDED, source: info, limits: info.limits, cap: UNBOUNDED }).height;
  const field = create("input", {
    type: "number",
    inputmode: "numeric",
    min: String(MIN_HEIGHT),
    max: String(max),
    step: "1",
    placeholder: String(host.requestedSize?.height ?? ""),
    "aria-label": customHeight,
  });
  if (host.quality !== "auto") field.value = String(host.quality);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !field.reportValidity() || field.value === "") return;
    host.quality = Number(field.value);
    menu.close();
  });
  return create("label", { class: "custom-height" }, create("span", {}, customHeight), field);
}
