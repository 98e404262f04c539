import { Command } from "commander";
import { type AssetInfo, assetInfo } from "../../codec/internal.js";
import { openAssetFile } from "../input/asset-file.js";
import { byteCount, count, parseFile } from "../input/values.js";
import { type Io, print } from "../io.js";

export function infoCommand(io: Io): Command {
  return new Command("info")
    .description("what an asset holds")
    .argument("<asset>", "a .siedd file", parseFile)
    .option("--json", "as one JSON object")
    .action(async (path: string, { json }: { json?: boolean }) => {
      const description = assetInfo((await openAssetFile(path, io.signal)).asset);
      print(io, json ? JSON.stringify(description) : summary(path, description).join("\n"));
    });
}

function summary(path: string, info: AssetInfo): string[] {
  const { width, height, frameCount, frameRate, groups, audio, text } = info;
  const audioBytes = audio.reduce((sum, { bytes }) => sum + bytes, 0);
  const bpp = ((info.bytes - audioBytes) * 8) / (width * height * frameCount);
  const rate = Number((frameRate.num / frameRate.den).toFixed(3));
  const sizes = groups.map(({ size }) => size);
  const [min, max] = [byteCount(Math.min(...sizes)), byteCount(Math.max(...sizes))];
  return [
    path,
    `  picture  ${width} x ${height}, ${count(frameCount, "frame")} at ${rate} a second, ${info.duration.toFixed(2)} s`,
    `  size     ${byteCount(info.bytes)}, ${bpp.toFixed(3)} bits a pixel without the sound`,
    `  groups   ${groups.length}, of ${min === max ? min : `${min} to ${max}`}`,
    ...audio.map(
      ({ codec, channels, sampleRate, language, bytes }) =>
        `  sound    ${codec}, ${count(channels, "channel")} at ${sampleRate} Hz, language ${language}, ${byteCount(bytes)}`,
    ),
    ...text.map(
      ({ codec, language, bytes }) => `  text     ${codec}, language ${language}, ${byteCount(bytes)}`,
    ),
    `  format   version ${info.version}, profile ${info.profile}`,
  ];
}
