/** A point of a rate-distortion curve. */
export interface ReportPoint {
  /** Bits a pixel and frame, without sound. */
  readonly bpp: number;
  /** dB. */
  readonly psnr: number;
}

/** One codec in the rate-distortion chart; an asset is a curve of one point. */
export interface ReportCurve {
  readonly name: string;
  readonly points: readonly ReportPoint[];
}

/** One group of the asset, over the frames that were compared. */
export interface ReportGroup {
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly bytes: number;
  /** Bits a pixel and frame. */
  readonly bpp: number;
  /** dB; undefined where none of its frames was compared. */
  readonly psnr?: number;
}

/** What the report's page draws: the JSON in its element `report-data`. */
export interface ReportData {
  /** Frames a second. */
  readonly rate: number;
  /** dB, the mean over frames. */
  readonly psnr: number;
  /** dB of each frame. */
  readonly perFrame: readonly number[];
  readonly groups: readonly ReportGroup[];
  readonly curves: readonly ReportCurve[];
}
