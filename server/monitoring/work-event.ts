/** A job that the server has computed, as reported to `onWork` and to the metrics. */
export interface WorkEvent {
  readonly type: "segment" | "keyframe" | "init" | "image" | "storyboard";
  readonly id: string;
  /**
   * Index of the segment (for a keyframe, of the segment it starts) or of the storyboard sheet; the time of an image in
   * milliseconds; 0 for an init segment.
   */
  readonly index: number;
  /** Output pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames decoded. */
  readonly frames: number;
  /** Time from the start of the job to its last byte, without waiting in the queue. */
  readonly seconds: number;
  readonly bytes: number;
}
