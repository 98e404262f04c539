import { EncoderError } from "../../encoder/index.js";
import { ServeError } from "../../server/index.js";
import { CommandError, UsageError } from "../errors.js";

/** Environment variable with signing keys in the form of --sign-key, separated by spaces. */
export const SIGN_KEYS_VARIABLE = "SIEDD_SIGN_KEYS";

/** Maps the options of `encode`, `serve` and the plugin to the flags and arguments of the command line. */
export const FLAGS: ReadonlyMap<string, string> = new Map([
  // siedd encode
  ["input", "<video>"],
  ["output", "--output"],
  ["profile", "--profile"],
  ["preset", "--preset"],
  ["size", "--size"],
  ["from", "--from"],
  ["to", "--to"],
  ["videoStream", "--video-stream"],
  ["targetPsnr", "--target-psnr"],
  ["targetBpp", "--target-bpp"],
  ["minPsnr", "--min-psnr"],
  ["steps", "--steps"],
  ["phase1Steps", "--phase1-steps"],
  ["points", "--points"],
  ["width", "--width"],
  ["hiddenLayers", "--hidden-layers"],
  ["groupFrames", "--group-frames"],
  ["maxSpan", "--max-span"],
  ["anchors", "--anchors"],
  ["anchorChoice", "--anchor-choice"],
  ["trainer", "--trainer"],
  ["kernel", "--kernel"],
  ["device", "--device"],
  ["precision", "--precision"],
  ["workers", "--workers"],
  ["seed", "--seed"],
  ["resume", "--resume"],
  ["patch", "--patch"],
  ["decoder", "--decoder"],
  ["rank", "--rank"],
  ["fraction", "--fraction"],
  ["optimizer", "--optimizer"],
  ["lr", "--lr"],
  ["sampling", "--sampling"],
  ["loss", "--loss"],
  ["noise", "--noise"],
  ["sharedEncoder", "--shared-encoder"],
  // siedd serve
  ["root", "<folder|url>"],
  ["host", "--host"],
  ["port", "--port"],
  ["prefix", "--prefix"],
  ["cacheDir", "--cache-dir"],
  ["cacheDirBytes", "--cache-mb"],
  ["clientPixelsPerSecond", "--client-mpixels"],
  ["trustProxy", "--trust-proxy"],
  ["publicUrl", "--public-url"],
  ["originAllowList", "--origin-allow"],
  ["prefetch", "--prefetch"],
  ["closeSeconds", "--close-seconds"],
  ["drainSeconds", "--drain-seconds"],
  ["signKeys", "--sign-key"],
  ["engine", "--engine"],
  ["videoEncoder", "--video-encoder"],
  ["watch", "--watch"],
  ["encode", "--encode"],
  ["afterEncode", "--after-encode"],
  ["stateDir", "--state-dir"],
  ["metrics", "--public-metrics"],
  ["upload", "--allow-upload"],
  ["maxUploadBytes", "--max-upload-gb"],
]);

/**
 * Rewrites an error of the encoder or the server in terms of the command line. Returns any other value unchanged.
 *
 * @returns a `UsageError` for an invalid option, else a `CommandError`
 */
export function toCommandError(error: unknown): unknown {
  if (!(error instanceof EncoderError || error instanceof ServeError)) return error;
  if (error.code !== "bad-option") return new CommandError(nameFlags(error.message), { cause: error });
  const message = nameFlags(nameLeadingFlags(error.message));
  // A ServeError with a cause reports a failed system call, such as an unwritable cache folder.
  const isUsageError = error instanceof EncoderError || error.cause === undefined;
  return new (isUsageError ? UsageError : CommandError)(message, { cause: error });
}

const SIGN_KEY = /^signKeys\[(\d+)\]\.(\w+)/;
/** The option names that a message starts with, such as "size.width" or "points and fraction". */
const LEADING_NAMES =
  /^\w+(?:\[\d+\])?(?:\.(?:width|height|url|headers))?(?=[\s:,])(?:(?:, | and | or )\w+)*/;

/** Replaces the options that the message of a "bad-option" error starts with: "steps must be" -> "--steps must be". */
function nameLeadingFlags(message: string): string {
  return message
    .replace(/^siedd options\.(?:encodeOptions\.)?/, "")
    .replace(SIGN_KEY, (_match, index, part) => {
      const field = part === "id" ? "ID" : part;
      return `the ${field} of key ${Number(index) + 1} in --sign-key or ${SIGN_KEYS_VARIABLE}`;
    })
    .replace(LEADING_NAMES, (names) =>
      names.replace(/(\w+)(\[\d+\])?(\.\w+)?/g, (match, name) => FLAGS.get(name) ?? match),
    );
}

/** A value assigned to an option, such as `resume: true` or `trainer: "onnx"`. */
const ASSIGNMENT = /`?(?:--)?\b(\w+): (true|"[\w.-]+")`?/g;
/** An option with its value, such as `device "cuda"`. */
const NAMED_VALUE = /(?:--)?\b(profile|preset|decoder|trainer|kernel|device|precision) "([\w-]+)"/g;
const QUOTED_NAME = /`(\w+)`/g;
/** A name in camel case, which cannot be an English word. */
const CAMEL_CASE_NAME = /(?<![\w./"-])[a-z]+\d?[A-Z]\w*/g;

/** Replaces the options that a message mentions: "rerun with `resume: true`" -> "rerun with --resume". */
export function nameFlags(message: string): string {
  return message
    .replace(ASSIGNMENT, (match, name: string, value: string) => {
      const flag = FLAGS.get(name);
      if (flag === undefined) return match;
      return value === "true" ? flag : `${flag} ${value.slice(1, -1)}`;
    })
    .replace(NAMED_VALUE, (match, name, value) => (FLAGS.has(name) ? `${FLAGS.get(name)} ${value}` : match))
    .replace(QUOTED_NAME, (match, name) => FLAGS.get(name) ?? match)
    .replace(CAMEL_CASE_NAME, (name) => FLAGS.get(name) ?? name);
}
