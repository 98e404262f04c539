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

/** Returns a function that draws the active cues of a track into the overlay, in the player's own style. */
function createCueRenderer(overlay: HTMLElement, currentTime: () => number) {
  let drawn = "";
  return (track: TextTrack | null) => {
    const now = currentTime();
    // Not activeCues: browsers do not update them while the video is paused.
    const active = [...(track?.cues ?? [])].filter(
      ({ startTime, endTime }) => startTime <= now && now < endTime,
    ) as VTTCue[];
    const key = active.map(({ id, startTime, text }) => `${id} ${startTime} ${text}`).join();
    if (key === drawn) return;
    drawn = key;
    overlay.replaceChildren(
      ...active
        .filter((cue) => typeof cue.getCueAsHTML === "function")
        .map((cue) => create("p", {}, create("span", {}, cue.getCueAsHTML()))),
    );
    overlay.lang = track?.language ?? "";
  };
}

/**
 * Sets up captions for the text tracks of the video. The selected track is in the mode `hidden`, and its cues are
 * drawn here, above the controls and outside the zoomed area.
 */
export function setupCaptions({ host, layout, localizer, signal, on, showToast }: ControlContext): Captions {
  const { captionsButton, captionsOverlay, stage, video } = layout;
  const list = video.textTracks;
  const drawCues = createCueRenderer(captionsOverlay, () => host.currentTime);
  let current: TextTrack | null = null;
  let lastSelected: TextTrack | null = null;
  let cueListener = new AbortController();

  const tracks = () => [...list].filter(isCaptionTrack);
  const draw = () => drawCues(current);
  const update = () => {
    const { strings } = localizer;
    captionsButton.hidden = tracks().length === 0;
    if (current === null) setButtonState(captionsButton, "off", strings.enableCaptions);
    else setButtonState(captionsButton, "on", strings.disableCaptions);
    captionsButton.setAttribute("aria-pressed", String(current !== null));
    draw();
  };
  const setCurrent = (track: TextTrack | null) => {
    cueListener.abort();
    cueListener = new AbortController();
    current = track;
    lastSelected = track ?? lastSelected;
    track?.addEventListener("cuechange", draw, { signal: cueListener.signal });
    update();
  };
  const select = (track: TextTrack | null) => {
    for (const other of tracks()) {
      if (other !== track) other.mode = "disabled";
    }
    if (track !== null) track.mode = "hidden";
    setCurrent(track);
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
    const track = current === null ? preferredTrack() : null;
    select(track);
    showToast(`${strings.captions}: ${track === null ? strings.off : track.label || strings.on}`);
  };
  /** Follows changes by the page, and the default track of the stream. */
  const onTracksChange = () => {
    const showing = tracks().find(({ mode }) => mode === "showing");
    if (showing !== undefined && host.controls) select(showing);
    else if (current !== null && (current.mode === "disabled" || !tracks().includes(current)))
      setCurrent(null);
    else update();
  };

  on(list, "addtrack removetrack change", onTracksChange);
  on(host, "timeupdate seeked emptied", draw);
  on(captionsButton, "click", toggle);
  localizer.onChange(update, signal);
  signal.addEventListener("abort", () => cueListener.abort(), { once: true });
  onTracksChange();
  return {
    get tracks() {
      return tracks();
    },
    get current() {
      return current;
    },
    select,
    toggle,
  };
}
