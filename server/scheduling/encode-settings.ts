import { checkEncodeOptions } from "../../encoder/encode.js";
import { EncoderError } from "../../encoder/errors.js";
import { invalidOption, ServeError } from "../errors.js";
import { rejectUnknownOptions } from "../unknown-options.js";

/** When sources are encoded: never, while nobody is served, or always. */
export type EncodeMode = "off" | "idle" | "eager";

/** Options of an encode, besides its paths. */
export interface EncodeSettings {
  /** Default "balanced". */
  readonly preset?: "draft" | "fast" | "balanced" | "quality";
  /** Size of the asset in pixels, 16 to 8192 per side. Default: the size of the video. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Mean PSNR to aim at, 10 to 60 dB. */
  readonly targetPsnr?: number;
  /** Bits per pixel to aim at, audio excluded, 0.001 to 10. */
  readonly targetBpp?: number;
  /** Minimum mean PSNR, 10 to 40 dB. */
  readonly minPsnr?: number;
  /** What runs the training steps. Default "auto". */
  readonly trainer?: "auto" | "kernel" | "onnx" | "tfjs";
  /** Default "auto". */
  readonly device?: "auto" | "cpu" | "cuda";
  /** Training steps per group in phase 2, 1 to 1,000,000. Default: those of the preset. */
  readonly steps?: number;
  /** Training steps per anchor in phase 1, 1 to 1,000,000. Default: those of the preset. */
  readonly phase1Steps?: number;
  /** Points sampled per step and tile, 16 to 65,536. Default: those of the preset. */
  readonly points?: number;
  /** Training threads, 1 to 64. Default: one per core. */
  readonly workers?: number;
}

const ENCODE_MODES = ["off", "idle", "eager"] as const;
/** The options of an encode that suit a whole folder. */
const ENCODE_SETTINGS: readonly (keyof EncodeSettings)[] = [
  "preset",
  "size",
  "targetPsnr",
  "targetBpp",
  "minPsnr",
  "trainer",
  "device",
  "steps",
  "phase1Steps",
  "points",
  "workers",
];

/** The options of background encoding. */
export interface EncodingOptions {
  readonly encode?: EncodeMode;
  readonly encodeOptions?: EncodeSettings;
  readonly afterEncode?: "keep" | "delete";
}

/**
 * Checks the options of background encoding, so that a mistake is reported at startup and not by each video, and fills in
 * defaults.
 *
 * @throws ServeError `bad-option`
 */
export function resolveEncoding({
  encode = "off",
  encodeOptions = {},
  afterEncode = "keep",
}: EncodingOptions): Required<EncodingOptions> {
  if (!ENCODE_MODES.includes(encode))
    throw invalidOption("siedd options.encode", `one of ${ENCODE_MODES.join(", ")}`, encode);
  if (afterEncode !== "keep" && afterEncode !== "delete") {
    throw invalidOption("siedd options.afterEncode", "keep or delete", afterEncode);
  }
  rejectUnknownOptions("siedd options.encodeOptions", encodeOptions, ENCODE_SETTINGS);
  try {
    checkEncodeOptions({ ...encodeOptions, input: "video", output: "video.siedd" });
  } catch (cause) {
    if (!(cause instanceof EncoderError)) throw cause;
    throw new ServeError("bad-option", `siedd options.encodeOptions.${cause.message}`, { cause });
  }
  const { minPsnr = 0, size } = encodeOptions;
  if (afterEncode === "delete" && !(minPsnr > 0 && size === undefined)) {
    throw new ServeError(
      "bad-option",
      'siedd options.afterEncode must be "keep", unless `minPsnr` is set, and `size` is not',
    );
  }
  return { encode, encodeOptions, afterEncode };
}
