import ffmpeg, { type Filters } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { ffmpegMissing } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";

/** How bright the picture's code values are meant: perceptual quantizer (SMPTE ST 2084), hybrid log-gamma. */
export type DynamicRange = "sdr" | "pq" | "hlg";

/** ffmpeg's name of the transfer function, and people's. */
const HDR = {
  pq: { transfer: "smpte2084", name: "PQ, SMPTE ST 2084" },
  hlg: { transfer: "arib-std-b67", name: "HLG, ARIB STD-B67" },
} as const;

export const dynamicRangeOf = (transfer: string | undefined): DynamicRange =>
  transfer === HDR.pq.transfer ? "pq" : transfer === HDR.hlg.transfer ? "hlg" : "sdr";

/** Pixel formats of ffmpeg that have an alpha plane or may have one in their palette. */
export const hasAlpha = (pixelFormat: string): boolean =>
  /^(yuva|rgba|bgra|argb|abgr|gbrap|ya8|ya16|pal8|ayuv)/.test(pixelFormat);

/** Orders of fields in which ffprobe calls a video interlaced. */
export const isInterlaced = (fieldOrder: string | undefined): boolean =>
  /^(tt|bb|tb|bt)$/.test(fieldOrder ?? "");

/** VP8 and VP9 hide alpha in a second stream that only libvpx reads. */
export function decoderFor(codec: string | undefined, alphaMode: string | undefined): string | undefined {
  if (alphaMode !== "1") return undefined;
  return codec === "vp8" ? "libvpx" : codec === "vp9" ? "libvpx-vp9" : undefined;
}

/**
 * Makes one frame of each two fields, for frames that say they are interlaced; goes before anything that
 * repeats or drops frames.
 */
export const deinterlace = ({ interlaced }: ProbeResult): string[] =>
  interlaced ? ["bwdif=mode=send_frame:parity=auto:deint=interlaced"] : [];

/** Exact conversion between kinds of pixels. */
const CONVERT = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp";

/** Lays transparent pictures over black, and brings high dynamic range to the range of BT.709. */
export function normalizeFilters({ dynamicRange, alpha, color }: ProbeResult): string[] {
  const overBlack = alpha ? [CONVERT, "format=gbrap", "premultiply=inplace=1", "format=gbrp"] : [];
  if (dynamicRange === "sdr") return overBlack;
  const rgb = color.matrix === "gbr";
  const source = [
    `tin=${HDR[dynamicRange].transfer}`,
    `min=${rgb ? "gbr" : (color.matrix ?? "bt2020nc")}`,
    `pin=${color.primaries ?? "bt2020"}`,
    `rin=${color.range ?? (rgb ? "pc" : "tv")}`,
  ].join(":");
  return [
    // zscale takes subsampled pictures of even sizes only.
    `format=${rgb ? "gbrp16le" : "yuv444p16le"}`,
    // Linear light, 1.0 = 100 candela a square metre: what the mapping leaves as it is below a third.
    `zscale=${source}:t=linear:npl=100`,
    "format=gbrpf32le",
    "zscale=p=bt709",
    "tonemap=mobius:desat=0",
    "zscale=t=bt709:m=gbr:r=full",
    "format=gbrp",
    ...overBlack,
  ];
}

/** @throws MediaError "ffmpeg-missing" where this ffmpeg cannot map a video's dynamic range. */
export async function requireToneMapping(path: string, range: DynamicRange): Promise<void> {
  if (range === "sdr") return;
  const filters = await new Promise<Filters>((resolve, reject) => {
    ffmpeg().getAvailableFilters((error: Error | null, found: Filters) =>
      error ? reject(ffmpegMissing("ffmpeg", error)) : resolve(found),
    );
  });
  const missing = ["zscale", "tonemap"].filter((name) => filters[name] === undefined);
  if (missing.length === 0) return;
  throw new MediaError(
    "ffmpeg-missing",
    `${path} has a high dynamic range (${HDR[range].name}) and this ffmpeg has no ${missing.join(" and ")} filter ` +
      "to map it; install an ffmpeg that has, or give a video of standard range",
  );
}
