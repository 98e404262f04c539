import { videoBaseUrl } from "../source/video-url.js";
import type { ControlContext } from "./control-context.js";
import type { PlayButton } from "./play-button.js";

/** The player to which the keys of the keyboard, the lock screen and the headset belong: the last that played. */
let owner: object | null = null;

const ACTIONS = ["play", "pause", "stop", "seekbackward", "seekforward", "seekto"] as const;
/** Seconds, where the device names none. */
const SEEK_STEP_SECONDS = 10;

/** The video's address tells its name where the page does not. */
export function titleOf(host: HTMLElement & { readonly src: string }): string {
  const named = host.getAttribute("video-title") ?? "";
  if (named !== "") return named;
  const last = videoBaseUrl(host.src).split("/").at(-2) ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Tells the system what plays, and does what its keys say. */
export function setupMediaSession({ host, signal, on }: ControlContext, playing: PlayButton): void {
  const session = navigator.mediaSession as MediaSession | undefined;
  if (session === undefined) return;
  const self = {};
  const isOurs = () => owner === self;

  const position = () => {
    const { duration, currentTime, playbackRate } = host;
    if (!isOurs() || !(duration > 0) || !Number.isFinite(duration) || playbackRate <= 0) return;
    session.setPositionState?.({ duration, playbackRate, position: Math.min(currentTime, duration) });
  };
  const handlers: Record<(typeof ACTIONS)[number], MediaSessionActionHandler> = {
    play: () => void host.play().catch(() => undefined),
    pause: () => host.pause(),
    stop: () => {
      host.pause();
      playing.seekTo(0);
    },
    seekbackward: ({ seekOffset }) => playing.seekTo(host.currentTime - (seekOffset ?? SEEK_STEP_SECONDS)),
    seekforward: ({ seekOffset }) => playing.seekTo(host.currentTime + (seekOffset ?? SEEK_STEP_SECONDS)),
    seekto: ({ seekTime }) => seekTime != null && playing.seekTo(seekTime),
  };
  const handle = (action: (typeof ACTIONS)[number], handler: MediaSessionActionHandler | null) => {
    try {
      session.setActionHandler(action, handler);
    } catch {
      // This browser has no such action.
    }
  };
  const claim = () => {
    owner = self;
    const poster = host.info?.links.poster ?? null;
    const artwork =
      poster === null ? [] : [{ src: new URL(poster, videoBaseUrl(host.src)).href, type: "image/jpeg" }];
    session.metadata = new MediaMetadata({ title: titleOf(host), artwork });
    session.playbackState = "playing";
    for (const action of ACTIONS) handle(action, handlers[action]);
    position();
  };
  on(host, "playing", claim);
  on(host, "pause ended", () => {
    if (isOurs()) session.playbackState = "paused";
  });
  on(host, "seeked ratechange durationchange pause", position);
  signal.addEventListener(
    "abort",
    () => {
      if (!isOurs()) return;
      owner = null;
      session.metadata = null;
      session.playbackState = "none";
      for (const action of ACTIONS) handle(action, null);
    },
    { once: true },
  );
}
