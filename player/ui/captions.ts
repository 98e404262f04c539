import { create } from "../dom.js";
import { type ControlContext, setButtonState } from "./control-context.js";

export interface Captions {
  readonly tracks: readonly TextTrack[];
  readonly current: TextTrack | null;
  select(track: TextTrack | null): void;
  toggle(): void;
}

const isCaptionTrack = ({ kind }: TextTrack) => kind === "captions" || kind === "subtitles";

const sameLanguage = (a: string, b: string): boolean =>
  a.toLowerCase().split("-", 1)[0] === b.toLowerCase().split("-", 1)[0];

/** Returns the cues of tracks at a time in seconds. Browsers do not update `activeCues` while the video is paused. */
const activeCues = (tracks: readonly TextTrack[], time: number): VTTCue[] =>
  tracks
    .flatMap(({ cues }) => [...(cues ?? [])] as VTTCue[])
    .filter(({ startTime, endTime, getCueAsHTML }) => startTime <= time && time < endTime && getCueAsHTML);

/** Returns a function that draws cues into the overlay, in the player's own style. */
function createCueRenderer(overlay: HTMLElement) {
  let drawn = "";
  return (cues: readonly VTTCue[], language: string) => {
    const key = cues.map(({ id, startTime, text }) => `${id} ${startTime} ${text}`).join();
    if (key === drawn) return;
    drawn = key;
    overlay.replaceChildren(...cues.map((cue) => create("p", {}, create("span", {}, cue.getCueAsHTML()))));
    overlay.lang = language;
  };
}

/**
 * Sets up captions for the text tracks of the video. Tracks have the same modes as on a `<video>`. The cues of those in
 * the mode `showing` are drawn here, above the controls, the canvas of direct mode and outside the zoomed area, and the
 * style sheet hides what the browser draws.
 */
export function setupCaptions({ host, layout, localizer, signal, on, showToast }: ControlContext): Captions {
  const { captionsButton, captionsOverlay, stage, video } = layout;
  const list = video.textTracks;
  const drawCues = createCueRenderer(captionsOverlay);
  let lastSelected: TextTrack | null = null;
  let cueListeners = new AbortController();

  const tracks = () => [...list].filter(isCaptionTrack);
  const showing = () => tracks().filter(({ mode }) => mode === "showing");
  const draw = () => {
    const shown = showing();
    drawCues(activeCues(shown, host.currentTime), shown[0]?.language ?? "");
  };
  /** Follows changes by the page, by the viewer, and by the browser. */
  const update = () => {
    const { strings } = localizer;
    const shown = showing();
    const isOn = shown.length > 0;
    lastSelected = shown[0] ?? lastSelected;
    captionsButton.hidden = tracks().length === 0;
    setButtonState(
      captionsButton,
      isOn ? "on" : "off",
      isOn ? strings.disableCaptions : strings.enableCaptions,
    );
    captionsButton.setAttribute("aria-pressed", String(isOn));
    cueListeners.abort();
    cueListeners = new AbortController();
    for (const track of shown) track.addEventListener("cuechange", draw, { signal: cueListeners.signal });
    draw();
  };
  const select = (track: TextTrack | null) => {
    for (const other of showing()) if (other !== track) other.mode = "disabled";
    if (track !== null) track.mode = "showing";
    update();
  };
  /** Prefers the last selected track, then one in the language of the controls. */
  const preferredTrack = (): TextTrack | null => {
    const all = tracks();
    if (lastSelected !== null && all.includes(lastSelected)) return lastSelected;
    const localized = all.find(({ language }) => language !== "" && sameLanguage(language, stage.lang));
    return localized ?? all[0] ?? null;
  };
  const toggle = () => {
    const { strings } = localizer;
    if (tracks().length === 0) return;
    const track = showing().length === 0 ? preferredTrack() : null;
    select(track);
    showToast(`${strings.captions}: ${track === null ? strings.off : track.label || strings.on}`);
  };

  on(list, "addtrack removetrack change", update);
  on(host, "timeupdate seeked emptied", draw);
  // Cues of a track that has loaded. The event does not bubble.
  video.addEventListener("load", draw, { capture: true, signal });
  on(captionsButton, "click", toggle);
  localizer.onChange(update, signal);
  signal.addEventListener("abort", () => cueListeners.abort(), { once: true });
  update();
  return {
    get tracks() {
      return tracks();
    },
    get current() {
      return showing()[0] ?? null;
    },
    select,
    toggle,
  };
}
