import type { ProbeResult } from "../probe/probe.js";
import { HDR_TRANSFERS } from "../probe/stream-properties.js";

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
    `tin=${HDR_TRANSFERS[dynamicRange].ffmpegName}`,
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
