/** What the server computed, for logs, metrics and tests. */
export interface WorkEvent {
  readonly type: "segment" | "keyframe" | "init" | "image" | "storyboard";
  readonly id: string;
  /** Of the segment, also of the one that a keyframe begins, or of the sheet; 0 for an init segment; milliseconds of a picture. */
  readonly index: number;
  /** Output pixels of a frame. */
  readonly width: number;
  readonly height: number;
  /** Frames decoded. */
  readonly frames: number;
  /** From its turn in the queue to the last byte. */
  readonly seconds: number;
  readonly bytes: number;
}
