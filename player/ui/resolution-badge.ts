import type { ControlContext } from "./control-context.js";

/** Shows the resolution of the frame on screen, and highlights each change. */
export function setupResolutionBadge({ host, layout, on }: ControlContext): void {
  const { resolution, stage } = layout;
  const update = () => {
    const { videoWidth, videoHeight } = host;
    stage.toggleAttribute("data-shown", host.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA);
    resolution.hidden = videoWidth === 0;
    const text = `${videoWidth} × ${videoHeight}`;
    if (resolution.textContent === text) return;
    resolution.textContent = text;
    delete resolution.dataset.changed;
    void resolution.offsetWidth; // restarts the animation
    resolution.dataset.changed = "";
  };
  on(host, "resize loadeddata emptied", update);
  update();
}
