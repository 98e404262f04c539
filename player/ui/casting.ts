import type { ControlContext } from "./control-context.js";

interface SafariVideo extends HTMLVideoElement {
  webkitShowPlaybackTargetPicker?: () => void;
}

/** Sets up the AirPlay button in Safari, and the Remote Playback button (w3.org/TR/remote-playback) elsewhere. */
export function setupCasting(context: ControlContext): void {
  const { layout, on } = context;
  const video = layout.video as SafariVideo;
  if (video.webkitShowPlaybackTargetPicker === undefined) {
    setupRemotePlayback(context);
    return;
  }
  on(video, "webkitplaybacktargetavailabilitychanged", (event) => {
    layout.airplayButton.hidden = (event as Event & { availability?: string }).availability !== "available";
  });
  on(layout.airplayButton, "click", () => video.webkitShowPlaybackTargetPicker?.());
}

function setupRemotePlayback({ layout, localizer, signal, on, showToast }: ControlContext): void {
  const remote = layout.video.remote as RemotePlayback | undefined;
  if (remote === undefined) return;
  on(layout.castButton, "click", () => {
    remote.prompt().catch((error: DOMException) => {
      // NotAllowedError: the viewer closed the list of devices.
      if (error.name !== "NotAllowedError") showToast(localizer.strings.notAllowed);
    });
  });
  remote
    .watchAvailability((available) => {
      layout.castButton.hidden = !available;
    })
    .then(
      (id) => {
        const cancel = () => void remote.cancelWatchAvailability(id).catch(() => undefined);
        if (signal.aborted) cancel();
        else signal.addEventListener("abort", cancel, { once: true });
      },
      // The browser cannot watch for devices, or the page has disabled remote playback.
      () => undefined,
    );
}
