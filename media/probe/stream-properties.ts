import ffmpeg, { type Filters } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { ffmpegMissing } from "../ffmpeg/run.js";

/** Dynamic range by transfer function: standard, PQ (SMPTE ST 2084) or hybrid log-gamma (ARIB STD-B67). */
export type DynamicRange = "sdr" | "pq" | "hlg";

/** Transfer functions of HDR video: ffmpeg's name, and the name in error messages. */
export const HDR_TRANSFERS = {
  pq: { ffmpegName: "smpte2084", title: "PQ, SMPTE ST 2084" },
  hlg: { ffmpegName: "arib-std-b67", title: "HLG, ARIB STD-B67" },
} as const;

/** Returns the dynamic range for ffmpeg's name of a transfer function. */
export const dynamicRangeOf = (transfer: string | undefined): DynamicRange =>
  transfer === HDR_TRANSFERS.pq.ffmpegName ? "pq" : transfer === HDR_TRANSFERS.hlg.ffmpegName ? "hlg" : "sdr";

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

/** ffmpeg's bitmap subtitle codecs, which contain no text. */
const BITMAP_CODECS = ["dvd_subtitle", "dvb_subtitle", "dvb_teletext", "hdmv_pgs_subtitle", "xsub"];

/** Returns whether a subtitle codec contains text. */
export const isTextSubtitle = (codec: string | undefined): boolean =>
  codec !== undefined && !BITMAP_CODECS.includes(codec);

/** Checks that ffmpeg can tone-map a dynamic range. @throws MediaError `ffmpeg-missing` if it cannot. */
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
    `${path} is HDR (${HDR_TRANSFERS[range].title}), and this ffmpeg lacks the filters to tone-map it: ${missing.join(" and ")}; ` +
      "install an ffmpeg that has them, or choose an SDR video",
  );
}
