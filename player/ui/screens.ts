import type { Size } from "../geometry/size.js";
import { type ControlContext, setButtonState } from "./control-context.js";

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
export function setupScreens(context: ControlContext, onWindow: (size: Size | null) => void): Screens {
  const { host, layout, localizer, signal, on, showToast } = context;
  const video = layout.video as SafariVideo;
  // Not document.fullscreenElement: within another shadow tree that is the tree's host.
  const isFullscreen = () => host.matches(":fullscreen");
  const isPip = () => document.pictureInPictureElement != null && video.matches(":picture-in-picture");
  const refused = () => showToast(localizer.strings.refused);

  const show = () => {
    const { strings: text } = localizer;
    const full = isFullscreen();
    setButtonState(
      layout.fullscreen,
      full ? "leave" : "enter",
      full ? text.leaveFullscreen : text.enterFullscreen,
    );
    layout.fullscreen.hidden = !document.fullscreenEnabled && video.webkitEnterFullscreen === undefined;
    const small = "pictureInPictureEnabled" in document && document.pictureInPictureEnabled;
    // What is decoded here is painted over the video, which has nothing to show in a window.
    layout.pip.hidden = !small || video.disablePictureInPicture || host.transport === "direct";
    if (!layout.pip.hidden) setButtonState(layout.pip, "pip", isPip() ? text.leavePip : text.enterPip);
  };
  const toggleFullscreen = () => {
    if (document.fullscreenEnabled) {
      const done = isFullscreen() ? document.exitFullscreen() : host.requestFullscreen();
      done.catch(refused);
    } else if (video.webkitEnterFullscreen === undefined) refused();
    else video.webkitEnterFullscreen();
  };
  const togglePip = () => {
    if (layout.pip.hidden) refused();
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
  on(layout.fullscreen, "click", toggleFullscreen);
  on(layout.pip, "click", togglePip);
  localizer.onChange(show, signal);
  signal.addEventListener("abort", () => onWindow(null), { once: true });
  driveDevices(context, video, refused);
  show();
  return { toggleFullscreen, togglePip };
}

/** AirPlay, and the standard's remote playback (w3.org/TR/remote-playback) where there is no AirPlay. */
function driveDevices({ layout, signal, on }: ControlContext, video: SafariVideo, refused: () => void): void {
  if (video.webkitShowPlaybackTargetPicker !== undefined) {
    on(video, "webkitplaybacktargetavailabilitychanged", (event) => {
      layout.airplay.hidden = (event as Event & { availability?: string }).availability !== "available";
    });
    on(layout.airplay, "click", () => video.webkitShowPlaybackTargetPicker?.());
    return;
  }
  const { remote } = video;
  if (remote === undefined) return;
  on(layout.cast, "click", () => {
    remote.prompt().catch((error: DOMException) => {
      // Who closes the list of devices has not been refused anything.
      if (error.name !== "NotAllowedError") refused();
    });
  });
  remote
    .watchAvailability((available) => {
      layout.cast.hidden = !available;
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
