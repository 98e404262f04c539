import type { Size } from "../geometry/size.js";
import { type ControlContext, label } from "./control-context.js";

/** Safari's own, where the standard's are missing. */
interface SafariVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
  webkitShowPlaybackTargetPicker?: () => void;
}

export interface Screens {
  toggleFullscreen(): void;
  togglePip(): void;
}

/**
 * Full screen, picture in picture, and other devices, each where the browser has it.
 *
 * @param onWindow the window of picture in picture has this size in device pixels; null where there is none any more
 */
export function driveScreens(deck: ControlContext, onWindow: (size: Size | null) => void): Screens {
  const { host, skin, words, signal, on, say } = deck;
  const video = skin.video as SafariVideo;
  // Not document.fullscreenElement: within another shadow tree that is the tree's host.
  const isFullscreen = () => host.matches(":fullscreen");
  const isPip = () => document.pictureInPictureElement != null && video.matches(":picture-in-picture");
  const refused = () => say(words.text.refused);

  const show = () => {
    const { text } = words;
    const full = isFullscreen();
    label(skin.fullscreen, full ? "leave" : "enter", full ? text.leaveFullscreen : text.enterFullscreen);
    skin.fullscreen.hidden = !document.fullscreenEnabled && video.webkitEnterFullscreen === undefined;
    const small = "pictureInPictureEnabled" in document && document.pictureInPictureEnabled;
    // What is decoded here is painted over the video, which has nothing to show in a window.
    skin.pip.hidden = !small || video.disablePictureInPicture || host.transport === "direct";
    if (!skin.pip.hidden) label(skin.pip, "pip", isPip() ? text.leavePip : text.enterPip);
  };
  const toggleFullscreen = () => {
    if (document.fullscreenEnabled) {
      const done = isFullscreen() ? document.exitFullscreen() : host.requestFullscreen();
      done.catch(refused);
    } else if (video.webkitEnterFullscreen === undefined) refused();
    else video.webkitEnterFullscreen();
  };
  const togglePip = () => {
    if (skin.pip.hidden) refused();
    else (isPip() ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(refused);
  };
  on(document, "fullscreenchange", show);
  on(video, "enterpictureinpicture", (event) => {
    const { pictureInPictureWindow: small } = event as PictureInPictureEvent;
    const onSizeChange = () =>
      onWindow({ width: small.width * devicePixelRatio, height: small.height * devicePixelRatio });
    on(small, "resize", onSizeChange);
    onSizeChange();
    show();
  });
  on(video, "leavepictureinpicture", () => {
    onWindow(null);
    show();
  });
  on(host, "loadedmetadata emptied", show);
  on(skin.fullscreen, "click", toggleFullscreen);
  on(skin.pip, "click", togglePip);
  words.onChange(show, signal);
  signal.addEventListener("abort", () => onWindow(null), { once: true });
  driveDevices(deck, video, refused);
  show();
  return { toggleFullscreen, togglePip };
}

/** AirPlay, and the standard's remote playback (w3.org/TR/remote-playback) where there is no AirPlay. */
function driveDevices({ skin, signal, on }: ControlContext, video: SafariVideo, refused: () => void): void {
  if (video.webkitShowPlaybackTargetPicker !== undefined) {
    on(video, "webkitplaybacktargetavailabilitychanged", (event) => {
      skin.airplay.hidden = (event as Event & { availability?: string }).availability !== "available";
    });
    on(skin.airplay, "click", () => video.webkitShowPlaybackTargetPicker?.());
    return;
  }
  const { remote } = video;
  if (remote === undefined) return;
  on(skin.cast, "click", () => {
    remote.prompt().catch((error: DOMException) => {
      // Who closes the list of devices has not been refused anything.
      if (error.name !== "NotAllowedError") refused();
    });
  });
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
