/** Where an encode stands. */
export type EncodePhase = "analyze" | "audio" | "phase1" | "phase2" | "write";

/** What an encode tells while it works; the command line renders it. */
export type EncodeEvent =
  | {
      readonly type: "analyzed";
      readonly frames: number;
      readonly groups: number;
      /** Groups that phase 1 trains on; frames in the paper profile. */
      readonly anchors: readonly number[];
      readonly scenes: number;
      /** Source pixels of the asset. */
      readonly width: number;
      readonly height: number;
    }
  | {
      readonly type: "progress";
      readonly phase: EncodePhase;
      /** Share of the whole job, 0 to 1. */
      readonly done: number;
      /** Seconds left, measured on the work done so far; undefined while too little has been done to tell. */
      readonly remainingSeconds: number | undefined;
      readonly detail: string;
    }
  | {
      readonly type: "group";
      readonly index: number;
      /** dB, of the 8-bit output of the finished group. */
      readonly psnr: number;
      readonly bytes: number;
    }
  | {
      /** A target that could not be met, or a video below 27 dB: the asset is there, and `message` says what would come nearer. */
      readonly type: "target-missed";
      readonly message: string;
    }
  | {
      /** A video came out below the preset's floor: training goes on with more bits, and `message` says how many. */
      readonly type: "min-psnr";
      /** dB, so far. */
      readonly psnr: number;
      /** dB. */
      readonly minPsnr: number;
      /** Bits a pixel so far, and as many as the floor is expected to take. */
      readonly bpp: number;
      readonly expectedBpp: number;
      /** Of the picture, so far and as expected. */
      readonly bytes: number;
      readonly expectedBytes: number;
      readonly message: string;
    }
  | {
      /** What `--precision auto` came to on a GPU, and why. */
      readonly type: "precision";
      readonly precision: "float32" | "float16";
      readonly message: string;
    }
  | {
      /** Something of the video that an asset cannot hold. */
      readonly type: "stream-skipped";
      readonly message: string;
    }
  | ({ readonly type: "done" } & EncodeSummary);

/** What an encode made. */
export interface EncodeSummary {
  readonly output: string;
  readonly bytes: number;
  readonly audioBytes: number;
  readonly frames: number;
  readonly groups: number;
  /** dB, mean over the frames. */
  readonly psnr: number;
  /** Bits a source pixel and frame, of all bytes but the audio's. */
  readonly bpp: number;
  readonly seconds: number;
}
