/** A point of a rate-distortion curve. */
export interface ReportPoint {
  /** Bits per pixel, without audio. */
  readonly bpp: number;
  /** dB. */
  readonly psnr: number;
}

/** One codec in the rate-distortion chart. An asset has a single point. */
export interface ReportCurve {
  readonly name: string;
  readonly points: readonly ReportPoint[];
}

/** One group of the asset. */
export interface ReportGroup {
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly bytes: number;
  /** Bits per pixel. */
  readonly bpp: number;
  /** dB, mean over the compared frames of the group; undefined if none of its frames were compared. */
  readonly psnr?: number;
}

/** The data of the charts: the JSON in the element `report-data`. */
export interface ReportData {
  /** Frames per second. */
  readonly frameRate: number;
  /** dB, mean over the frames. */
  readonly psnr: number;
  /** dB of each frame. */
  readonly perFrame: readonly number[];
  readonly groups: readonly ReportGroup[];
  readonly curves: readonly ReportCurve[];
}
