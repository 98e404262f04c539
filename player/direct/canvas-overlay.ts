import type { Size } from "../geometry/size.js";

/** What a video says of its picture. */
interface FrameFacts {
  size(): Size;
  quality(): { readonly total: number; readonly dropped: number };
}

/** As the video lies in its frame. */
const PLACE: Partial<CSSStyleDeclaration> = {
  position: "absolute",
  inset: "0",
  width: "100%",
  height: "100%",
  borderRadius: "inherit",
  pointerEvents: "none",
  transformOrigin: "0 0",
};

/** A video that has no picture of its own, and a canvas that has. */
export interface CanvasOverlay {
  /** Shows the canvas, in the video's place and shape. */
  show(): void;
  /** The video answers for itself again; the canvas stays until it is removed. */
  withdraw(): void;
}

/**
 * Puts a canvas over a video that has sound only, and lets that video answer for the canvas: its size and its
 * frames, which otherwise would be 0. Where the video is moved or enlarged, the canvas goes along.
 */
export function canvasOverlay(
  video: HTMLVideoElement,
  canvas: HTMLCanvasElement,
  facts: FrameFacts,
): CanvasOverlay {
  canvas.setAttribute("aria-hidden", "true");
  canvas.setAttribute("part", "canvas");
  canvas.className = "held decoded";
  Object.assign(canvas.style, PLACE);
  canvas.style.display = "none";
  video.after(canvas);
  const onSizeChange = () => {
    canvas.style.transform = video.style.transform;
    canvas.style.objectFit = getComputedStyle(video).objectFit;
  };
  const moves = new MutationObserver(onSizeChange);
  moves.observe(video, { attributeFilter: ["style"] });
  onSizeChange();
  const answers: PropertyDescriptorMap = {
    videoWidth: { configurable: true, get: () => facts.size().width },
    videoHeight: { configurable: true, get: () => facts.size().height },
    getVideoPlaybackQuality: {
      configurable: true,
      value: (): VideoPlaybackQuality => {
        const { total, dropped } = facts.quality();
        return {
          creationTime: performance.now(),
          totalVideoFrames: total,
          droppedVideoFrames: dropped,
          corruptedVideoFrames: 0,
        };
      },
    },
  };
  Object.defineProperties(video, answers);
  return {
    show() {
      canvas.style.display = "block";
      canvas.style.objectFit = getComputedStyle(video).objectFit;
    },
    withdraw() {
      moves.disconnect();
      for (const name of Object.keys(answers)) Reflect.deleteProperty(video, name);
    },
  };
}
