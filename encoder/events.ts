/** The stages of an encode. `phase1` trains the anchors, `phase2` all groups. */
export type EncodePhase = "analyze" | "audio" | "phase1" | "phase2" | "write";

/** An event that an encode emits while it runs. */
export type EncodeEvent =
  | {
      /** The analysis has divided the video into scenes and groups, and training is about to begin. */
      readonly type: "analyzed";
      readonly frames: number;
      readonly groups: number;
      /** Indices of the groups that phase 1 trains on; in the paper profile, of the frames. */
      readonly anchors: readonly number[];
      readonly scenes: number;
      /** Size of the asset in source pixels. */
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly type: "progress";
      readonly phase: EncodePhase;
      /** Completed share of the encode, 0 to 1. Never decreases. */
      readonly done: number;
      /** Estimated seconds left; undefined until enough training has run for an estimate. */
      readonly remainingSeconds: number | undefined;
      readonly detail: string;
    }
  | {
      /** A group is finished and stored in the checkpoints. */
      readonly type: "group";
      readonly index: number;
      /** Mean PSNR of the 8-bit output, dB. */
      readonly psnr: number;
      readonly bytes: number;
    }
  | {
      /**
       * The target was missed, or the mean PSNR is below 27 dB. The asset is complete; `message` suggests what to change.
       */
      readonly type: "target-missed";
      readonly message: string;
    }
  | {
      /** The mean PSNR is below `minPsnr`: training continues with more bits. */
      readonly type: "min-psnr";
      /** Mean PSNR so far, dB. */
      readonly psnr: number;
      /** The minimum PSNR, dB. */
      readonly minPsnr: number;
      /** Bits per pixel so far. */
      readonly bpp: number;
      /** Bits per pixel that `minPsnr` is expected to require. */
      readonly expectedBpp: number;
      /** Bytes of the video track so far. */
      readonly bytes: number;
      /** Bytes of the video track that `minPsnr` is expected to require. */
      readonly expectedBytes: number;
      readonly message: string;
    }
  | {
      /** The precision that `precision: "auto"` chose for the GPU. `message` gives the reason. */
      readonly type: "precision";
      readonly precision: "float32" | "float16";
      readonly message: string;
    }
  | {
      /** A stream of the video cannot be stored in an asset and is left out. */
      readonly type: "stream-skipped";
      readonly message: string;
    }
  | {
      /** A stream of the video loses something, because an asset cannot store it as it is. */
      readonly type: "stream-converted";
      readonly message: string;
    }
  | {
      /** The source has several video streams. `message` names the encoded one and the others. */
      readonly type: "video-stream";
      /** Index of the encoded stream among the video streams, from 0. */
      readonly index: number;
      readonly message: string;
    }
  | {
      /** The frame rate of the source varies, and the asset has more than 1.5 times as many frames. */
      readonly type: "frames-repeated";
      /** Frames of the asset per frame of the source. */
      readonly repetition: number;
      readonly message: string;
    }
  | ({ readonly type: "done" } & EncodeSummary);

/** The result of an encode. */
export interface EncodeSummary {
  /** Absolute path of the asset. */
  readonly output: string;
  readonly bytes: number;
  readonly audioBytes: number;
  readonly frames: number;
  readonly groups: number;
  /** Mean over the frames, dB. */
  readonly psnr: number;
  /** Bits per source pixel and frame, counting all bytes except the audio. */
  readonly bpp: number;
  /** Duration of the encode in seconds. */
  readonly seconds: number;
}
