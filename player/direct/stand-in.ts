import type { Size } from "../size.js";

/** What a video says of its picture. */
interface PictureFacts {
  size(): Size;
  quality(): { readonly total: number; readonly dropped: number };
}

/**
 * Puts a canvas over a video that has sound only, and lets that video answer for the canvas: its size and its
 * frames, which otherwise would be 0. The returned function undoes the answers; the canvas stays until it is removed.
 */
export function standIn(video: HTMLVideoElement, canvas: HTMLCanvasElement, facts: PictureFacts): () => void {
  canvas.setAttribute("aria-hidden", "true");
  canvas.setAttribute("part", "canvas");
  canvas.className = "picture";
  canvas.hidden = true;
  video.after(canvas);
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
  return () => {
    for (const name of Object.keys(answers)) Reflect.deleteProperty(video, name);
  };
}
