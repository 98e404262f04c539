import type { ProbeResult } from "../../media/index.js";
import type { EncodeEvent } from "../events.js";
import type { CommonOptions } from "../options.js";

/** Videos whose frames are repeated more often than this, on average, are reported. */
const MAX_REPETITION = 1.5;

/** Reports which video stream is encoded if there are several, and whether many frames are repeated. */
export function reportSource(
  info: ProbeResult,
  { input, videoStream }: Pick<CommonOptions, "input" | "videoStream">,
  emit: (event: EncodeEvent) => void,
): void {
  const { videoStreams, repetition, frameRate } = info;
  const chosen = videoStreams.find((stream) => stream.chosen);
  if (chosen !== undefined && videoStreams.length > 1 && videoStream === undefined) {
    const describe = ({ index, codec, width, height }: typeof chosen) =>
      `${index} (${codec}, ${width} x ${height})`;
    const others = videoStreams.filter((stream) => !stream.chosen).map(describe);
    emit({
      type: "video-stream",
      index: chosen.index,
      message: `${input} has ${videoStreams.length} video streams; encoding stream ${describe(chosen)}; set \`videoStream\` to encode another one: ${others.join(", ")}`,
    });
  }
  if (repetition > MAX_REPETITION) {
    const rate = Number((frameRate.num / frameRate.den).toFixed(3));
    emit({
      type: "frames-repeated",
      repetition,
      message: `${input} has a variable frame rate; at ${rate} frames per second, it has ${repetition.toFixed(1)} times as many frames, most of them repeated`,
    });
  }
}
