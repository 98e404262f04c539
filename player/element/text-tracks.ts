import type { PlayerTextTrack } from "../source/video-info.js";

/** The attributes of a `<track>` element. */
const ATTRIBUTES = ["default", "kind", "label", "src", "srclang"];

/**
 * The copies of `<track>` elements that have been children of a player. An element keeps its copy when it is removed, so
 * it also keeps its mode and cues.
 */
const copies = new WeakMap<Element, HTMLTrackElement>();

/** Forwards members of one object to another, in both directions of access. */
function forwardMembers(from: object, to: object, names: readonly string[]): void {
  const members = to as Record<string, unknown>;
  for (const name of names) {
    Object.defineProperty(from, name, {
      configurable: true,
      get() {
        const value = members[name];
        return typeof value === "function" ? value.bind(to) : value;
      },
      set(value) {
        members[name] = value;
      },
    });
  }
}

/**
 * Creates the copy of a `<track>` element that an inner video loads. The element's own track becomes that of the copy.
 *
 * @param onMode called with the mode of the element's own track, unless it is the initial one
 */
function createCopy(element: HTMLTrackElement, onMode: (mode: TextTrackMode) => void): HTMLTrackElement {
  const copy = element.cloneNode() as HTMLTrackElement;
  const [from, to] = [element.track, copy.track];
  const { mode } = from;
  // A disabled track hides its cues.
  from.mode = "hidden";
  for (const cue of [...(from.cues ?? [])]) to.addCue(cue);
  if (mode !== "disabled") onMode(mode);
  forwardMembers(element, copy, ["track", "readyState"]);
  // The page may have read `track` before the element became a child of a player.
  forwardMembers(from, to, ["mode", "cues", "activeCues", "addCue", "removeCue"]);
  to.addEventListener("cuechange", () => from.dispatchEvent(new Event("cuechange")));
  for (const type of ["load", "error", "cuechange"])
    copy.addEventListener(type, () => element.dispatchEvent(new Event(type)));
  return copy;
}

/** Gives the inner video of a player the text tracks of its `<track>` children, in their order. */
export class TextTrackMirror {
  readonly #host: Element;
  readonly #video: HTMLVideoElement;
  #mirrored: readonly HTMLTrackElement[] = [];

  constructor(host: Element, video: HTMLVideoElement) {
    this.#host = host;
    this.#video = video;
  }

  /** Follows changes of the children until the signal aborts. */
  connect(signal: AbortSignal): void {
    const observer = new MutationObserver(() => this.sync());
    observer.observe(this.#host, { subtree: true, childList: true, attributeFilter: ATTRIBUTES });
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
    this.sync();
  }

  /** Applies changes of the children at once. Observers report them only after the current script. */
  sync(): void {
    const video = this.#video;
    const modes = new Map<HTMLTrackElement, TextTrackMode>();
    const mirrored = [...this.#host.querySelectorAll<HTMLTrackElement>(":scope > track")].map((element) => {
      const copy = copies.get(element) ?? createCopy(element, (mode) => modes.set(element, mode));
      copies.set(element, copy);
      for (const name of ATTRIBUTES) {
        const value = element.getAttribute(name);
        if (value === copy.getAttribute(name)) continue;
        if (value === null) copy.removeAttribute(name);
        else copy.setAttribute(name, value);
      }
      return copy;
    });
    for (const copy of this.#mirrored) {
      // Another player may have it by now.
      if (!mirrored.includes(copy) && copy.parentNode === video) copy.remove();
    }
    this.#mirrored = mirrored;
    for (const [index, copy] of mirrored.entries()) {
      const current = video.children[index];
      if (current !== copy) video.insertBefore(copy, current ?? null);
    }
    // Browsers may change modes that were set before a track belongs to a video.
    for (const [{ track }, mode] of modes) track.mode = mode;
  }
}

/** Returns the shortest tag of a language, as the browser names it; "" if the language is unknown. */
function languageTag(language: string): string {
  try {
    return language === "und" ? "" : (Intl.getCanonicalLocales(language)[0] ?? "");
  } catch {
    return "";
  }
}

/**
 * The subtitles of the video itself, as `<track>` elements of the inner video. The browser loads a track when it is
 * enabled. Tracks stay the same until another video is loaded, so the viewer's choice does, too.
 */
export class EmbeddedTextTracks {
  readonly #video: HTMLVideoElement;
  #elements: HTMLTrackElement[] = [];

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** @param baseUrl resolves the URLs of the tracks */
  set(tracks: readonly PlayerTextTrack[], baseUrl: string, signal: AbortSignal): void {
    const video = this.#video;
    for (const element of this.#elements.splice(tracks.length)) element.remove();
    for (const [index, track] of tracks.entries()) {
      const element = this.#elements[index] ?? document.createElement("track");
      element.kind = "subtitles";
      element.label = track.title;
      element.srclang = languageTag(track.language);
      if (typeof track.source === "string") {
        const { href, origin } = new URL(track.source, baseUrl);
        // Tracks of other origins need it. The media source does not notice.
        if (origin !== location.origin) video.crossOrigin ??= "anonymous";
        if (element.src !== href) element.src = href;
      } else {
        // The asset may have been replaced.
        element.removeAttribute("src");
        loadWhenEnabled(video, element, track.source, signal);
      }
      element.default = track.default;
      if (this.#elements[index] === undefined) video.append(element);
      this.#elements[index] = element;
    }
  }

  /** Forgets the tracks, as a `<video>` does when it loads another resource. */
  clear(): void {
    for (const element of this.#elements.splice(0)) element.remove();
  }
}

/** Loads a track from the asset once it is enabled, as the browser does for a track with a URL. */
function loadWhenEnabled(
  video: HTMLVideoElement,
  element: HTMLTrackElement,
  readWebVtt: () => Promise<string>,
  signal: AbortSignal,
): void {
  let isLoading = false;
  const onChange = async () => {
    if (isLoading || element.track.mode === "disabled") return;
    isLoading = true;
    try {
      const file = new Blob([await readWebVtt()], { type: "text/vtt" });
      if (signal.aborted) return;
      const url = URL.createObjectURL(file);
      for (const type of ["load", "error"])
        element.addEventListener(type, () => URL.revokeObjectURL(url), { once: true });
      element.src = url;
    } catch {
      // Enabling the track again retries.
      isLoading = false;
    }
  };
  video.textTracks.addEventListener("change", onChange, { signal });
  void onChange();
}
