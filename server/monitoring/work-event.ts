/** A job that the server has computed, for logs, metrics and tests. */
export interface WorkEvent {
  readonly type: "segment" | "keyframe" | "init" | "image" | "storyboard";
  readonly id: string;
  /**
   * Index of the segment (for a keyframe, of the segment it starts) or of the storyboard sheet; the time of an image in
   * milliseconds; 0 for an init segment.
   */
  readonly index: number;
  /** Output pixels of a frame. */
  readonly width: number;
  readonly height: number;
  /** Frames decoded. */
  readonly frames: number;
  /** Time from the start of the job to its last byte, without waiting in the queue. */
  readonly seconds: number;
  readonly bytes: number;
}
