/** A part of a video, in seconds from its frame 0. */
export interface TimeRange {
  /** Start. Default 0. */
  readonly from?: number;
  /** End, exclusive. Default: the end of the video. */
  readonly to?: number;
}

/** Frames to read, at the constant rate. Frame 0 is the one on screen at `from`. */
export interface FrameRange extends TimeRange {
  readonly firstFrame: number;
  /** Default: to the end of the time range. */
  readonly frameCount?: number;
}
