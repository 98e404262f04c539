/** What the server computed, for logs, metrics and tests. */
export interface WorkEvent {
  readonly type: "segment" | "init" | "picture";
  readonly id: string;
  /** Segment index; 0 for an init segment; milliseconds of a picture. */
  readonly index: number;
  /** Output pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames decoded. */
  readonly frames: number;
  /** From its turn in the queue to the last byte. */
  readonly seconds: number;
  readonly bytes: number;
}
