import { type Command, Option } from "commander";
import type { TilePreset } from "../../encoder/index.js";
import { TILE_PRESETS } from "../../encoder/options.js";
import type { EncodeSettings } from "../../server/index.js";
import { decimal, parseSize } from "./parsers.js";

/** Flags of encodes in the background. */
export interface BackgroundEncodeFlags {
  readonly preset?: TilePreset;
  readonly size?: EncodeSettings["size"];
  readonly targetPsnr?: number;
  readonly targetBpp?: number;
  readonly minPsnr?: number;
  readonly afterEncode?: "keep" | "delete";
  readonly stateDir?: string;
}

/** Returns the option --preset with the presets of the tile profile. */
export const tilePresetOption = (): Option =>
  new Option("--preset <name>", "trade-off between speed and quality").choices(TILE_PRESETS);

/** Adds the options of encodes in the background. */
export function addBackgroundEncodeOptions(command: Command): void {
  command
    .addOption(tilePresetOption())
    .option("--size <WxH>", "size to encode at, in pixels (default: the video's size)", parseSize)
    .option("--target-psnr <dB>", "target mean PSNR, 10 to 60 dB", decimal(10, 60, "dB"))
    .option(
      "--target-bpp <bits>",
      "target bits per pixel without audio, 0.001 to 10",
      decimal(0.001, 10, "bits per pixel"),
    )
    .option("--min-psnr <dB>", "minimum mean PSNR, 10 to 40 dB", decimal(10, 40, "dB"))
    .addOption(
      new Option(
        "--after-encode <action>",
        "keep the source, or delete it once its asset was read back and has --min-psnr (default: keep)",
      ).choices(["keep", "delete"]),
    )
    .option(
      "--state-dir <folder>",
      "folder for indexes of videos, watch counts, checkpoints and pauses of encodes (default: .siedd in the first folder)",
    );
}

/** Returns the options of background encodes that were given. */
export function encodeSettings(flags: BackgroundEncodeFlags): EncodeSettings {
  const { preset, size, targetPsnr, targetBpp, minPsnr } = flags;
  const settings = { preset, size, targetPsnr, targetBpp, minPsnr };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
