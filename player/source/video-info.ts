import type { SizeLimits } from "../../protocol/size-limits.js";
import type { VideoInfo } from "../../protocol/video-info.js";
import { badResponse, errorForStatus, PlayerError, serverUnreachable } from "../errors.js";
import { DEFAULT_LIMITS } from "../geometry/size.js";
import { videoUrl } from "./video-url.js";

/** A subtitle track of the video. */
export interface PlayerTextTrack extends Pick<VideoInfo["text"][number], "language" | "title" | "default"> {
  /** URL of a WebVTT file, relative to that of the video, or a function that reads that file from the asset. */
  readonly source: string | (() => Promise<string>);
}

/** The members of info.json that the player uses. Direct mode reads them from the asset. */
export interface PlayerVideoInfo
  extends Pick<VideoInfo, "width" | "height" | "duration" | "frameRate" | "limits"> {
  readonly textTracks: readonly PlayerTextTrack[];
  /** URLs relative to that of the video. */
  readonly links: Partial<Pick<VideoInfo["links"], "asset" | "poster" | "storyboard">>;
}

const DEFAULT_FRAME_RATE = { num: 25, den: 1 };

const MAX_ATTEMPTS = 4;

const positive = (value: unknown): number | null =>
  typeof value === "number" && value > 0 && Number.isFinite(value) ? value : null;

/**
 * Parses info.json. Missing limits get their defaults.
 *
 * @throws PlayerError `bad-answer` if the size or duration is invalid
 */
export function parseVideoInfo(json: unknown): PlayerVideoInfo {
  const info = json as {
    width?: unknown;
    height?: unknown;
    duration?: unknown;
    frameRate?: { num?: unknown; den?: unknown };
    text?: readonly Partial<VideoInfo["text"][number]>[];
    links?: Record<string, unknown> & { readonly subtitles?: readonly string[] };
    limits?: Record<string, unknown>;
  };
  const width = positive(info?.width);
  const height = positive(info?.height);
  const duration = positive(info?.duration);
  if (width === null || height === null || duration === null) throw badResponse(json);
  const limit = (name: keyof SizeLimits) => positive(info.limits?.[name]) ?? DEFAULT_LIMITS[name];
  const link = (name: "asset" | "poster" | "storyboard") => {
    const value = info.links?.[name];
    return typeof value === "string" ? { [name]: value } : {};
  };
  const textTracks = (info.links?.subtitles ?? []).map((source, index) => {
    const { language = "und", title = "", default: isDefault = false } = info.text?.[index] ?? {};
    return { language, title, default: isDefault, source };
  });
  const [num, den] = [positive(info.frameRate?.num), positive(info.frameRate?.den)];
  return {
    width,
    height,
    duration,
    frameRate: num === null || den === null ? DEFAULT_FRAME_RATE : { num, den },
    textTracks,
    links: { ...link("asset"), ...link("storyboard"), ...link("poster") },
    limits: { minSide: limit("minSide"), maxSide: limit("maxSide"), maxArea: limit("maxArea") },
  };
}

/** Waits for this many milliseconds. Rejects with the signal's reason if the signal aborts first. */
export const delay = (milliseconds: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });

/**
 * Fetches `<src>/info.json`, with up to four attempts while the server is busy.
 *
 * @throws PlayerError `video-not-found`, `server-unreachable`, `server-busy` or `bad-answer`, or the signal's reason
 */
export async function fetchVideoInfo(src: string, signal: AbortSignal): Promise<PlayerVideoInfo> {
  for (let attempt = 1; ; attempt++) {
    let response: Response;
    try {
      response = await fetch(videoUrl(src, "info.json"), { signal });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw serverUnreachable(error);
    }
    if (response.ok) {
      try {
        return parseVideoInfo(await response.json());
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw error instanceof PlayerError ? error : badResponse(error);
      }
    }
    if (response.status !== 503 || attempt === MAX_ATTEMPTS) throw errorForStatus(response.status, src);
    const seconds = Number(response.headers.get("retry-after"));
    await delay(Math.min(Math.max(seconds, 0.5), 5) * 1000, signal);
  }
}
