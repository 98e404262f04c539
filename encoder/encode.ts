import { EncoderError, invalidOption } from "./errors.js";
import type { EncodeSummary } from "./events.js";
import type { Profile } from "./job/profile.js";
import { runEncode } from "./job/run-encode.js";
import type { EncodeOptions } from "./options.js";
import { createPaperProfile } from "./paper/profile.js";
import { createTileProfile } from "./tile/profile.js";
import { rejectUnknownOptions } from "./unknown-options.js";

/** Creates each profile, by the value of the option `profile`. */
const PROFILES: Readonly<Record<string, (options: EncodeOptions) => Profile>> = {
  tile: createTileProfile,
  paper: createPaperProfile,
};

/**
 * Checks the options of an encode without starting it.
 *
 * @throws EncoderError `bad-option`
 */
export function checkEncodeOptions(options: EncodeOptions): void {
  createProfile(options);
}

/**
 * Encodes a video into an asset: analyzes it, encodes the audio, trains the anchors (phase 1) and all groups (phase 2),
 * and writes the file. Checkpoints are kept in `workDir`, by default `<output>.work/`. The output is written atomically.
 *
 * @throws EncoderError `bad-option`, `no-cuda`, `no-tfjs`, `no-onnxruntime`, `interrupted`, `in-use`, `no-match` or `diverged`
 * @throws MediaError if the video cannot be read or the output cannot be written
 */
export async function encode(options: EncodeOptions): Promise<EncodeSummary> {
  const { signal, onEvent: emit = () => {} } = options;
  const profile = createProfile(options);
  try {
    const summary = await runEncode(profile, emit, signal);
    emit({ type: "done", ...summary });
    return summary;
  } catch (cause) {
    if (!signal?.aborted) throw cause;
    throw new EncoderError(
      "interrupted",
      `interrupted; the finished parts are kept in ${profile.options.workDir}; rerun with \`resume: true\` to continue`,
      { cause },
    );
  }
}

function createProfile(options: EncodeOptions): Profile {
  rejectUnknownOptions(options);
  const { profile: name = "tile" } = options;
  if (!Object.hasOwn(PROFILES, name))
    throw invalidOption("profile", Object.keys(PROFILES).join(" or "), name);
  return PROFILES[name](options);
}
