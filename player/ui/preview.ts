import { formatTime } from "../i18n/strings.js";
import type { Storyboard } from "../source/storyboard.js";
import type { ControlContext } from "./control-context.js";
import { isKnown, THUMB_WIDTH } from "./seek-bar.js";

export interface Preview {
  /** Shows the time and thumbnail of a position in seconds. */
  show(seconds: number): Promise<void>;
  hide(): void;
}

/** Sets up the preview of the seek bar: the time and thumbnail of the position under the pointer. */
export function setupPreview({ host, layout }: ControlContext, storyboard: Storyboard): Preview {
  const { seekSlider, preview, previewThumbnail, previewTime } = layout;
  let position = Number.NaN;
  return {
    async show(seconds) {
      position = seconds;
      const { duration } = host;
      if (!isKnown(duration)) return;
      previewTime.textContent = formatTime(seconds);
      preview.hidden = false;
      const thumbnail = await storyboard.thumbnailAt(seconds);
      // The pointer has moved on meanwhile.
      if (position !== seconds || preview.hidden) return;
      previewThumbnail.hidden = thumbnail === null;
      if (thumbnail !== null) storyboard.showThumbnail(previewThumbnail, thumbnail);
      const width = seekSlider.clientWidth;
      const half = preview.offsetWidth / 2;
      const center = THUMB_WIDTH / 2 + ((width - THUMB_WIDTH) * seconds) / duration;
      preview.style.left = `${Math.min(Math.max(half, center), Math.max(half, width - half))}px`;
    },
    hide() {
      position = Number.NaN;
      preview.hidden = true;
    },
  };
}
