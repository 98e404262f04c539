import { type ControlContext, setButtonState } from "./control-context.js";

/** iOS Safari can only show the video itself in full screen. */
interface SafariVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

export interface FullscreenControl {
  toggle(): void;
}

/** Sets up the full screen button. It is hidden if the browser or the page does not allow full screen. */
export function setupFullscreen(context: ControlContext): FullscreenControl {
  const { host, layout, localizer, signal, on, showToast } = context;
  const { fullscreenButton } = layout;
  const document = host.ownerDocument;
  const video = layout.video as SafariVideo;
  // Not document.fullscreenElement: if the player is in a shadow tree, that is the host of the tree.
  const isFullscreen = () => host.matches(":fullscreen");
  const onDenied = () => showToast(localizer.strings.notAllowed);

  const update = () => {
    const { strings } = localizer;
    if (isFullscreen()) setButtonState(fullscreenButton, "exit", strings.exitFullscreen);
    else setButtonState(fullscreenButton, "enter", strings.enterFullscreen);
    fullscreenButton.hidden = !document.fullscreenEnabled && video.webkitEnterFullscreen === undefined;
  };
  const toggle = () => {
    if (document.fullscreenEnabled) {
      const done = isFullscreen() ? document.exitFullscreen() : host.requestFullscreen();
      done.catch(onDenied);
    } else if (video.webkitEnterFullscreen === undefined) onDenied();
    else video.webkitEnterFullscreen();
  };

  on(document, "fullscreenchange", update);
  on(host, "loadedmetadata emptied", update);
  on(fullscreenButton, "click", toggle);
  localizer.onChange(update, signal);
  update();
  return { toggle };
}
