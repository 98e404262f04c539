import { type Deck, label } from "./deck.js";

/** Safari's own, where the standard's are missing. */
interface SafariVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
  webkitShowPlaybackTargetPicker?: () => void;
}

export interface Screens {
  toggleFullscreen(): void;
  togglePip(): void;
}

/** Full screen, picture in picture, and other devices, each where the browser has it. */
export function driveScreens(deck: Deck): Screens {
  const { host, skin, words, signal, on } = deck;
  const video = skin.video as SafariVideo;
  const isFullscreen = () => document.fullscreenElement === host;
  const isPip = () => document.pictureInPictureElement != null && video.matches(":picture-in-picture");

  const show = () => {
    const { text } = words;
    const full = isFullscreen();
    label(skin.fullscreen, full ? "leave" : "enter", full ? text.leaveFullscreen : text.enterFullscreen);
    skin.fullscreen.hidden = !document.fullscreenEnabled && video.webkitEnterFullscreen === undefined;
    const small = "pictureInPictureEnabled" in document && document.pictureInPictureEnabled;
    skin.pip.hidden = !small || video.disablePictureInPicture;
    if (!skin.pip.hidden) label(skin.pip, "pip", isPip() ? text.leavePip : text.enterPip);
  };
  const toggleFullscreen = () => {
    if (!document.fullscreenEnabled) {
      video.webkitEnterFullscreen?.();
      return;
    }
    const done = isFullscreen() ? document.exitFullscreen() : host.requestFullscreen();
    done.catch(() => undefined);
  };
  const togglePip = () => {
    if (skin.pip.hidden) return;
    const done = isPip() ? document.exitPictureInPicture() : video.requestPictureInPicture();
    done.then(show, () => undefined);
  };
  on(document, "fullscreenchange", show);
  on(video, "enterpictureinpicture leavepictureinpicture", show);
  on(skin.fullscreen, "click", toggleFullscreen);
  on(skin.pip, "click", togglePip);
  words.onChange(show, signal);
  driveDevices(deck, video);
  show();
  return { toggleFullscreen, togglePip };
}

/** AirPlay, and the standard's remote playback (w3.org/TR/remote-playback) where there is no AirPlay. */
function driveDevices({ skin, signal, on }: Deck, video: SafariVideo): void {
  if (video.webkitShowPlaybackTargetPicker !== undefined) {
    on(video, "webkitplaybacktargetavailabilitychanged", (event) => {
      skin.airplay.hidden = (event as Event & { availability?: string }).availability !== "available";
    });
    on(skin.airplay, "click", () => video.webkitShowPlaybackTargetPicker?.());
    return;
  }
  const { remote } = video;
  if (remote === undefined) return;
  on(skin.cast, "click", () => void remote.prompt().catch(() => undefined));
  remote
    .watchAvailability((available) => {
      skin.cast.hidden = !available;
    })
    .then(
      (watch) => {
        const end = () => void remote.cancelWatchAvailability(watch).catch(() => undefined);
        if (signal.aborted) end();
        else signal.addEventListener("abort", end, { once: true });
      },
      // This browser cannot watch, or the page does not want it.
      () => undefined,
    );
}
