import { videoBaseUrl } from "../source/video-url.js";
import type { ControlContext } from "./control-context.js";
import type { PlayControl } from "./play-button.js";

/** Identifies the player that media keys, the lock screen and headsets control: the last one that played. */
let owner: object | null = null;

const ACTIONS = ["play", "pause", "stop", "seekbackward", "seekforward", "seekto"] as const;
/** Seek step if the action has no `seekOffset`. */
const SEEK_STEP_SECONDS = 10;

/** Returns the `video-title` attribute, or else the last path segment of the source. */
export function videoTitle(host: HTMLElement & { readonly src: string }): string {
  const title = host.getAttribute("video-title") ?? "";
  if (title !== "") return title;
  const last = videoBaseUrl(host.src).split("/").at(-2) ?? "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Publishes the video to the Media Session API and handles its actions. */
export function setupMediaSession({ host, signal, on }: ControlContext, playControl: PlayControl): void {
  const session = navigator.mediaSession as MediaSession | undefined;
  if (session === undefined) return;
  const token = {};
  const isOwner = () => owner === token;

  const updatePosition = () => {
    const { duration, currentTime, playbackRate } = host;
    if (!isOwner() || !(duration > 0) || !Number.isFinite(duration) || playbackRate <= 0) return;
    session.setPositionState?.({ duration, playbackRate, position: Math.min(currentTime, duration) });
  };
  const handlers: Record<(typeof ACTIONS)[number], MediaSessionActionHandler> = {
    play: () => void host.play().catch(() => undefined),
    pause: () => host.pause(),
    stop: () => {
      host.pause();
      playControl.seekTo(0);
    },
    seekbackward: ({ seekOffset }) =>
      playControl.seekTo(host.currentTime - (seekOffset ?? SEEK_STEP_SECONDS)),
    seekforward: ({ seekOffset }) => playControl.seekTo(host.currentTime + (seekOffset ?? SEEK_STEP_SECONDS)),
    seekto: ({ seekTime }) => seekTime != null && playControl.seekTo(seekTime),
  };
  const setHandler = (action: (typeof ACTIONS)[number], handler: MediaSessionActionHandler | null) => {
    try {
      session.setActionHandler(action, handler);
    } catch {
      // The browser does not support this action.
    }
  };
  const takeOwnership = () => {
    owner = token;
    const poster = host.info?.links.poster ?? null;
    const artwork =
      poster === null ? [] : [{ src: new URL(poster, videoBaseUrl(host.src)).href, type: "image/jpeg" }];
    session.metadata = new MediaMetadata({ title: videoTitle(host), artwork });
    session.playbackState = "playing";
    for (const action of ACTIONS) setHandler(action, handlers[action]);
    updatePosition();
  };
  on(host, "playing", takeOwnership);
  on(host, "pause ended", () => {
    if (isOwner()) session.playbackState = "paused";
  });
  on(host, "seeked ratechange durationchange pause", updatePosition);
  signal.addEventListener(
    "abort",
    () => {
      if (!isOwner()) return;
      owner = null;
      session.metadata = null;
      session.playbackState = "none";
      for (const action of ACTIONS) setHandler(action, null);
    },
    { once: true },
  );
}
