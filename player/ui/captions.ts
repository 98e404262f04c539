import { create } from "../dom.js";
import { type ControlContext, setButtonState } from "./control-context.js";

export interface Captions {
  readonly tracks: readonly TextTrack[];
  readonly current: TextTrack | null;
  choose(track: TextTrack | null): void;
  toggle(): void;
}

const isCaption = ({ kind }: TextTrack) => kind === "captions" || kind === "subtitles";

/**
 * Captions of any text track of the video. The chosen track is hidden to the browser and drawn here: above
 * the controls, outside of what is zoomed, in the player's own style.
 */
export function setupCaptions({ host, layout, localizer, signal, on, showToast }: ControlContext): Captions {
  const { cues, captions: button } = layout;
  const list = layout.video.textTracks;
  let current: TextTrack | null = null;
  let last: TextTrack | null = null;
  let drawn = "";
  let watching = new AbortController();

  const tracks = () => [...list].filter(isCaption);
  const draw = () => {
    const now = host.currentTime;
    // Not activeCues: while a video rests, browsers do not look for them again.
    const active = [...(current?.cues ?? [])].filter(
      ({ startTime, endTime }) => startTime <= now && now < endTime,
    ) as VTTCue[];
    const shown = active.map(({ id, startTime, text }) => `${id} ${startTime} ${text}`).join();
    if (shown === drawn) return;
    drawn = shown;
    cues.replaceChildren(
      ...active
        .filter((cue) => typeof cue.getCueAsHTML === "function")
        .map((cue) => create("p", {}, create("span", {}, cue.getCueAsHTML()))),
    );
    cues.lang = current?.language ?? "";
  };
  const show = () => {
    button.hidden = tracks().length === 0;
    setButtonState(
      button,
      current === null ? "off" : "on",
      current === null ? localizer.strings.captionsOn : localizer.strings.captionsOff,
    );
    button.setAttribute("aria-pressed", String(current !== null));
    draw();
  };
  const onSizeChange = (track: TextTrack | null) => {
    watching.abort();
    watching = new AbortController();
    current = track;
    last = track ?? last;
    track?.addEventListener("cuechange", draw, { signal: watching.signal });
    show();
  };
  const choose = (track: TextTrack | null) => {
    for (const other of tracks()) {
      if (other !== track) other.mode = "disabled";
    }
    if (track !== null) track.mode = "hidden";
    onSizeChange(track);
  };
  const toggle = () => {
    const all = tracks();
    if (all.length === 0) return;
    const remembered = last !== null && all.includes(last) ? last : null;
    const here = all.find(({ language }) => language !== "" && sameLanguage(language, layout.stage.lang));
    choose(current === null ? (remembered ?? here ?? all[0]!) : null);
    showToast(
      `${localizer.strings.captions}: ${current === null ? localizer.strings.off : (current as TextTrack).label || localizer.strings.on}`,
    );
  };
  /** A page, or the stream's default, has turned a track on or off. */
  const adopt = () => {
    const showing = tracks().find(({ mode }) => mode === "showing");
    if (showing !== undefined && host.controls) choose(showing);
    else if (current !== null && (current.mode === "disabled" || !tracks().includes(current)))
      onSizeChange(null);
    else show();
  };

  on(list, "addtrack removetrack change", adopt);
  on(host, "timeupdate seeked emptied", draw);
  on(button, "click", toggle);
  localizer.onChange(show, signal);
  signal.addEventListener("abort", () => watching.abort(), { once: true });
  adopt();
  return {
    get tracks() {
      return tracks();
    },
    get current() {
      return current;
    },
    choose,
    toggle,
  };
}

const sameLanguage = (a: string, b: string): boolean =>
  a.toLowerCase().split("-", 1)[0] === b.toLowerCase().split("-", 1)[0];
