import { Command } from "commander";
import { type AssetInfo, assetInfo } from "../../codec/internal.js";
import { UsageError } from "../errors.js";
import { openAssetFile } from "../input/asset-file.js";
import { parseFile } from "../input/parsers.js";
import { type Io, print } from "../io.js";
import { formatBytes, formatCount, formatTime } from "../output/format.js";
import { describeEngines, listEngines } from "./engines.js";

interface InfoFlags {
  readonly engines?: boolean;
  readonly json?: boolean;
}

export function infoCommand(io: Io): Command {
  return new Command("info")
    .description("show the properties of an asset, or of this machine")
    .argument("[asset]", ".siedd file", parseFile)
    .option("--engines", "show what this machine decodes and trains with, instead of an asset")
    .option("--json", "print one JSON object")
    .action(async (path: string | undefined, { engines, json }: InfoFlags) => {
      if (engines && path !== undefined)
        throw new UsageError("--engines and an asset are mutually exclusive; choose one");
      if (engines) {
        const list = await listEngines();
        return print(io, json ? JSON.stringify({ engines: list }) : describeEngines(list));
      }
      if (path === undefined) throw new UsageError("missing the asset; name a .siedd file, or use --engines");
      const info = assetInfo((await openAssetFile(path, io.signal)).asset);
      await print(io, json ? JSON.stringify(info) : describeAsset(path, info));
    });
}

const describeTrack = (track: { language: string; title: string; default: boolean }): string =>
  `language ${track.language}${track.title === "" ? "" : `, title "${track.title}"`}${track.default ? ", default" : ""}`;

/** Returns the line about the networks that cover several groups, if there are any. */
function describeSpans(groups: AssetInfo["groups"]): string[] {
  const parts = groups.flatMap(({ longParts = [] }) => longParts);
  if (parts.length === 0) return [];
  const bytes = parts.reduce((sum, { size }) => sum + size, 0);
  const share = (100 * bytes) / groups.reduce((sum, { size }) => sum + size, 0);
  const longest = 2 ** Math.max(...parts.map(({ level }) => level));
  return [
    `  spans    ${share.toFixed(0)} % of the bytes of groups are networks that cover up to ${longest} groups`,
  ];
}

function describeAsset(path: string, info: AssetInfo): string {
  const { width, height, frameCount, frameRate, groups, audio, text } = info;
  const audioBytes = audio.reduce((sum, { bytes }) => sum + bytes, 0);
  const bpp = ((info.bytes - audioBytes) * 8) / (width * height * frameCount);
  const rate = Number((frameRate.num / frameRate.den).toFixed(3));
  const sizes = groups.map(({ size }) => size).sort((a, b) => a - b);
  const [min, max] = [formatBytes(sizes[0]), formatBytes(sizes[sizes.length - 1])];
  const { title, created, chapters } = info;
  return [
    path,
    ...(title === "" ? [] : [`  title    ${title}`]),
    ...(created === null ? [] : [`  created  ${created}`]),
    `  video    ${width} x ${height}, ${formatCount(frameCount, "frame")}, ${rate} fps, ${info.duration.toFixed(2)} s`,
    `  size     ${formatBytes(info.bytes)}, ${bpp.toFixed(3)} bits per pixel without audio`,
    `  groups   ${groups.length}, ${min === max ? min : `${min} to ${max}`} each`,
    ...describeSpans(groups),
    ...(info.coverBytes === 0 ? [] : [`  cover    JPEG, ${formatBytes(info.coverBytes)}`]),
    ...audio.map((track) => {
      const { codec, channels, sampleRate, downmixOf } = track;
      const origin = downmixOf === null ? "" : `, downmix of audio ${downmixOf}`;
      const format = `${codec}, ${formatCount(channels, "channel")}, ${sampleRate} Hz`;
      return `  audio    ${format}, ${describeTrack(track)}${origin}, ${formatBytes(track.bytes)}`;
    }),
    ...text.map(
      (track) =>
        `  text     ${track.codec}, ${describeTrack(track)}${track.forced ? ", forced" : ""}, ${formatBytes(track.bytes)}`,
    ),
    ...chapters.map(({ start, title: name }) => `  chapter  ${formatTime(start)} ${name}`),
    `  format   version ${info.version}, profile ${info.profile}`,
  ].join("\n");
}
