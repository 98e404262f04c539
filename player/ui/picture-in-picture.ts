import type { Size } from "../geometry/size.js";
import { type ControlContext, setButtonState } from "./control-context.js";

export interface PictureInPictureControl {
  toggle(): void;
}

/**
 * Sets up the picture-in-picture button. It is hidden if the browser or the page does not allow it.
 *
 * @param onResize receives the size of the window in device pixels, or null when it closes
 */
export function setupPictureInPicture(
  context: ControlContext,
  onResize: (size: Size | null) => void,
): PictureInPictureControl {
  const { host, layout, localizer, signal, on, showToast } = context;
  const { video, pipButton } = layout;
  const document = host.ownerDocument;
  const isActive = () => document.pictureInPictureElement != null && video.matches(":picture-in-picture");
  const onDenied = () => showToast(localizer.strings.notAllowed);

  const update = () => {
    const supported = "pictureInPictureEnabled" in document && document.pictureInPictureEnabled;
    // In direct mode the frames are drawn on a canvas, and the video has none to show in a window.
    pipButton.hidden = !supported || video.disablePictureInPicture || host.transport === "direct";
    if (pipButton.hidden) return;
    const { strings } = localizer;
    if (isActive()) setButtonState(pipButton, "exit", strings.exitPip);
    else setButtonState(pipButton, "enter", strings.enterPip);
  };
  const toggle = () => {
    if (pipButton.hidden) onDenied();
    else (isActive() ? document.exitPictureInPicture() : video.requestPictureInPicture()).catch(onDenied);
  };

  on(video, "enterpictureinpicture", (event) => {
    const { pictureInPictureWindow } = event as PictureInPictureEvent;
    const resized = () =>
      onResize({
        width: pictureInPictureWindow.width * devicePixelRatio,
        height: pictureInPictureWindow.height * devicePixelRatio,
      });
    on(pictureInPictureWindow, "resize", resized);
    resized();
    update();
  });
  on(video, "leavepictureinpicture", () => {
    onResize(null);
    update();
  });
  on(host, "loadedmetadata loadeddata emptied", update);
  on(pipButton, "click", toggle);
  localizer.onChange(update, signal);
  signal.addEventListener("abort", () => onResize(null), { once: true });
  update();
  return { toggle };
}
