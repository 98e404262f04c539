import ffmpeg, { type Filters } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { ffmpegMissing } from "../ffmpeg/run.js";
import type { ProbeResult } from "../probe/probe.js";

/** Dynamic range by transfer function: standard, PQ (SMPTE ST 2084) or hybrid log-gamma (ARIB STD-B67). */
export type DynamicRange = "sdr" | "pq" | "hlg";

/** ffmpeg's name of the transfer function, and its name in messages. */
const HDR = {
  pq: { transfer: "smpte2084", name: "PQ, SMPTE ST 2084" },
  hlg: { transfer: "arib-std-b67", name: "HLG, ARIB STD-B67" },
} as const;

/** Returns the dynamic range for ffmpeg's name of a transfer function. */
export const dynamicRangeOf = (transfer: string | undefined): DynamicRange =>
  transfer === HDR.pq.transfer ? "pq" : transfer === HDR.hlg.transfer ? "hlg" : "sdr";

/** Returns whether a pixel format of ffmpeg has an alpha plane, or a palette that may have alpha. */
export const hasAlpha = (pixelFormat: string): boolean =>
  /^(yuva|rgba|bgra|argb|abgr|gbrap|ya8|ya16|pal8|ayuv)/.test(pixelFormat);

/** Returns whether ffprobe's field order means interlaced video. */
export const isInterlaced = (fieldOrder: string | undefined): boolean =>
  /^(tt|bb|tb|bt)$/.test(fieldOrder ?? "");

/** Returns the decoder to use instead of ffmpeg's default: only libvpx reads the alpha of VP8 and VP9. */
export function decoderFor(codec: string | undefined, alphaMode: string | undefined): string | undefined {
  if (alphaMode !== "1") return undefined;
  return codec === "vp8" ? "libvpx" : codec === "vp9" ? "libvpx-vp9" : undefined;
}

/**
 * Returns the filters that merge the two fields of frames marked as interlaced. They must precede filters that
 * repeat or drop frames.
 */
export const deinterlace = ({ interlaced }: ProbeResult): string[] =>
  interlaced ? ["bwdif=mode=send_frame:parity=auto:deint=interlaced"] : [];

/** Exact conversion between pixel formats. */
const CONVERT = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp";

/** Returns the filters that composite transparent frames over black and tone-map HDR to BT.709. */
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
    // zscale requires even sizes for subsampled formats.
    `format=${rgb ? "gbrp16le" : "yuv444p16le"}`,
    // Linear light, 1.0 = 100 cd/m^2. The tone mapping does not change values below a third.
    `zscale=${source}:t=linear:npl=100`,
    "format=gbrpf32le",
    "zscale=p=bt709",
    "tonemap=mobius:desat=0",
    "zscale=t=bt709:m=gbr:r=full",
    "format=gbrp",
    ...overBlack,
  ];
}

/** @throws MediaError `ffmpeg-missing` if this ffmpeg cannot tone-map the dynamic range. */
export async function requireToneMapping(path: string, range: DynamicRange): Promise<void> {
  if (range === "sdr") return;
  const filters = await new Promise<Filters>((resolve, reject) => {
    ffmpeg().getAvailableFilters((error: Error | null, available: Filters) =>
      error ? reject(ffmpegMissing("ffmpeg", error)) : resolve(available),
    );
  });
  const missing = ["zscale", "tonemap"].filter((name) => filters[name] === undefined);
  if (missing.length === 0) return;
  throw new MediaError(
    "ffmpeg-missing",
    `${path} is HDR (${HDR[range].name}), and this ffmpeg lacks the filters to tone-map it: ${missing.join(" and ")}; ` +
      "install an ffmpeg that has them, or choose an SDR video",
  );
}
