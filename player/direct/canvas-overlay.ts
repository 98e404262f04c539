import type { Size } from "../geometry/size.js";

/** Properties of the frames on the canvas, for the media element to report. */
interface FrameProperties {
  size(): Size;
  quality(): { readonly total: number; readonly dropped: number };
}

const OVERLAY_STYLE: Partial<CSSStyleDeclaration> = {
  position: "absolute",
  inset: "0",
  width: "100%",
  height: "100%",
  borderRadius: "inherit",
  pointerEvents: "none",
  transformOrigin: "0 0",
};

/** A canvas over a media element without a video track. */
export interface CanvasOverlay {
  show(): void;
  /** Restores the media element's own properties. Does not remove the canvas. */
  restoreVideo(): void;
}

/**
 * Puts a canvas over a media element that plays audio only. The element then reports the size and frame counts of the
 * canvas instead of 0. The canvas follows the transform and `object-fit` of the element.
 */
export function canvasOverlay(
  video: HTMLVideoElement,
  canvas: HTMLCanvasElement,
  frames: FrameProperties,
): CanvasOverlay {
  canvas.setAttribute("aria-hidden", "true");
  canvas.setAttribute("part", "canvas");
  canvas.className = "held-frame decoded";
  Object.assign(canvas.style, OVERLAY_STYLE);
  canvas.style.display = "none";
  video.after(canvas);
  const syncStyle = () => {
    canvas.style.transform = video.style.transform;
    canvas.style.objectFit = getComputedStyle(video).objectFit;
  };
  const styleObserver = new MutationObserver(syncStyle);
  styleObserver.observe(video, { attributeFilter: ["style"] });
  syncStyle();
  const overrides: PropertyDescriptorMap = {
    videoWidth: { configurable: true, get: () => frames.size().width },
    videoHeight: { configurable: true, get: () => frames.size().height },
    getVideoPlaybackQuality: {
      configurable: true,
      value: (): VideoPlaybackQuality => {
        const { total, dropped } = frames.quality();
        return {
          creationTime: performance.now(),
          totalVideoFrames: total,
          droppedVideoFrames: dropped,
          corruptedVideoFrames: 0,
        };
      },
    },
  };
  Object.defineProperties(video, overrides);
  return {
    show() {
      canvas.style.display = "block";
      canvas.style.objectFit = getComputedStyle(video).objectFit;
    },
    restoreVideo() {
      styleObserver.disconnect();
      for (const name of Object.keys(overrides)) Reflect.deleteProperty(video, name);
    },
  };
}
