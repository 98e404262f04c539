/** The text of a playlist, and its URL. */
export interface ServedPlaylist {
  readonly url: string;
  readonly text: string;
}

/** The input of a rule: a master playlist and the media playlists that it lists. */
export interface ServedVideo {
  readonly master: ServedPlaylist;
  readonly media: readonly MediaListing[];
}

export interface MediaListing extends ServedPlaylist {
  readonly kind: "video" | "keyframes" | "audio" | "text" | "images";
}

/** A rule of Apple's "HLS Authoring Specification for Apple Devices" or of RFC 8216bis. */
export interface AuthoringRule {
  readonly name: string;
  /** Describes each violation. */
  violations(video: ServedVideo): string[];
}

type Attributes = Readonly<Record<string, string>>;

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Returns the attributes of every tag with this name, without quotes. */
function parseTags(text: string, name: string): Attributes[] {
  return lines(text)
    .filter((line) => line.startsWith(`#${name}:`))
    .map((line) =>
      Object.fromEntries(
        [...line.slice(name.length + 2).matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)].map(([, key, quoted]) => [
          key!,
          quoted!.replaceAll('"', ""),
        ]),
      ),
    );
}

const tagValue = (text: string, name: string): string | undefined =>
  lines(text)
    .find((line) => line.startsWith(`#${name}:`))
    ?.slice(name.length + 2);
const hasTag = (text: string, tag: string): boolean => lines(text).includes(`#${tag}`);
const durations = (text: string): number[] =>
  [...text.matchAll(/^#EXTINF:([\d.]+),/gm)].map((match) => Number(match[1]));
const total = (text: string): number => durations(text).reduce((sum, seconds) => sum + seconds, 0);

const variants = ({ master }: ServedVideo) => parseTags(master.text, "EXT-X-STREAM-INF");
const renditions = ({ master }: ServedVideo) => parseTags(master.text, "EXT-X-MEDIA");
const keyframes = ({ master }: ServedVideo) => parseTags(master.text, "EXT-X-I-FRAME-STREAM-INF");
const videoAndAudio = ({ media }: ServedVideo) =>
  media.filter(({ kind }) => kind === "video" || kind === "audio");

/** Describes each item that does not satisfy the predicate. */
const violationsIn = <T>(
  items: readonly T[],
  satisfies: (item: T) => boolean,
  describe: (item: T) => string,
): string[] => items.filter((item) => !satisfies(item)).map(describe);
const format = (attributes: Attributes): string => JSON.stringify(attributes);
const isPositiveInteger = (text: string | undefined): boolean => /^[1-9]\d*$/.test(text ?? "");

export const AUTHORING_RULES: readonly AuthoringRule[] = [
  {
    name: "every playlist begins with EXTM3U and one version, and ends with a line feed",
    violations: ({ master, media }) =>
      violationsIn(
        [master, ...media],
        ({ text }) =>
          /^#EXTM3U\n/.test(text) && text.match(/#EXT-X-VERSION:/g)?.length === 1 && text.endsWith("\n"),
        ({ url }) => url,
      ),
  },
  {
    name: "every variant has BANDWIDTH and AVERAGE-BANDWIDTH, and the average is not above the peak",
    violations: (video) =>
      violationsIn(
        [...variants(video), ...keyframes(video)],
        (v) =>
          isPositiveInteger(v.BANDWIDTH) &&
          isPositiveInteger(v["AVERAGE-BANDWIDTH"]) &&
          Number(v["AVERAGE-BANDWIDTH"]) <= Number(v.BANDWIDTH),
        format,
      ),
  },
  {
    name: "every variant has CODECS with an H.264 profile and level",
    violations: (video) =>
      violationsIn(
        [...variants(video), ...keyframes(video)],
        (v) => /^avc1\.[0-9a-f]{6}(,|$)/.test(v.CODECS ?? ""),
        format,
      ),
  },
  {
    name: "the CODECS of a variant include those of its audio",
    violations: (video) =>
      violationsIn(
        variants(video),
        (v) => v.AUDIO === undefined || /mp4a\.40\.\d+/.test(v.CODECS ?? ""),
        format,
      ),
  },
  {
    name: "every variant has RESOLUTION and FRAME-RATE, the latter with three decimals",
    violations: (video) =>
      violationsIn(
        variants(video),
        (v) => /^\d+x\d+$/.test(v.RESOLUTION ?? "") && /^\d+\.\d{3}$/.test(v["FRAME-RATE"] ?? ""),
        format,
      ),
  },
  {
    name: "every variant has VIDEO-RANGE and CLOSED-CAPTIONS=NONE",
    violations: (video) =>
      violationsIn(
        variants(video),
        (v) => v["VIDEO-RANGE"] === "SDR" && v["CLOSED-CAPTIONS"] === "NONE",
        format,
      ),
  },
  {
    name: "every rendition group that a variant references exists",
    violations: (video) =>
      violationsIn(
        variants(video).flatMap((v) => [
          ...(v.AUDIO === undefined ? [] : [`AUDIO ${v.AUDIO}`]),
          ...(v.SUBTITLES === undefined ? [] : [`SUBTITLES ${v.SUBTITLES}`]),
        ]),
        (group) => renditions(video).some((r) => `${r.TYPE} ${r["GROUP-ID"]}` === group),
        (group) => group,
      ),
  },
  {
    name: "renditions of a group have unique names, and no more than one is the default",
    violations: (video) => {
      const groups = new Map<string, Attributes[]>();
      for (const rendition of renditions(video)) {
        const key = `${rendition.TYPE} ${rendition["GROUP-ID"]}`;
        groups.set(key, [...(groups.get(key) ?? []), rendition]);
      }
      return violationsIn(
        [...groups],
        ([, all]) =>
          new Set(all.map(({ NAME }) => NAME)).size === all.length &&
          all.every(({ NAME }) => (NAME ?? "") !== "") &&
          all.filter(({ DEFAULT }) => DEFAULT === "YES").length <= 1,
        ([group]) => group,
      );
    },
  },
  {
    name: "a default rendition has AUTOSELECT=YES",
    violations: (video) =>
      violationsIn(renditions(video), (r) => r.DEFAULT !== "YES" || r.AUTOSELECT === "YES", format),
  },
  {
    name: "audio renditions have CHANNELS",
    violations: (video) =>
      violationsIn(renditions(video), (r) => r.TYPE !== "AUDIO" || isPositiveInteger(r.CHANNELS), format),
  },
  {
    name: "a playlist with variants has I-frame playlists for scrubbing",
    violations: (video) =>
      variants(video).length > 0 && keyframes(video).length === 0 ? ["no EXT-X-I-FRAME-STREAM-INF"] : [],
  },
  {
    name: "media playlists have PLAYLIST-TYPE VOD and an ENDLIST tag",
    violations: ({ media }) =>
      violationsIn(
        media,
        ({ text }) => tagValue(text, "EXT-X-PLAYLIST-TYPE") === "VOD" && hasTag(text, "EXT-X-ENDLIST"),
        ({ url }) => url,
      ),
  },
  {
    name: "no segment is longer than the target duration, which is an integer",
    violations: ({ media }) =>
      violationsIn(
        media,
        ({ text }) => {
          const target = tagValue(text, "EXT-X-TARGETDURATION");
          return (
            isPositiveInteger(target) &&
            durations(text).every((seconds) => Math.round(seconds) <= Number(target))
          );
        },
        ({ url }) => url,
      ),
  },
  {
    name: "video and audio playlists have the same target duration",
    violations: (video) => {
      const targetDurations = [
        ...new Set(videoAndAudio(video).map(({ text }) => tagValue(text, "EXT-X-TARGETDURATION"))),
      ];
      return targetDurations.length <= 1 ? [] : [targetDurations.join(", ")];
    },
  },
  {
    name: "playlists have an EXT-X-MAP exactly if their segments are fragmented MP4",
    violations: ({ media }) =>
      violationsIn(
        media,
        ({ kind, text }) =>
          parseTags(text, "EXT-X-MAP").length > 0 === (kind !== "text" && kind !== "images"),
        ({ url }) => url,
      ),
  },
  {
    name: "all playlists have EXT-X-INDEPENDENT-SEGMENTS",
    violations: ({ master, media }) =>
      violationsIn(
        [master, ...media],
        ({ text }) => hasTag(text, "EXT-X-INDEPENDENT-SEGMENTS"),
        ({ url }) => url,
      ),
  },
  {
    name: "exactly the keyframe playlists have EXT-X-I-FRAMES-ONLY",
    violations: ({ media }) =>
      violationsIn(
        media,
        ({ kind, text }) => hasTag(text, "EXT-X-I-FRAMES-ONLY") === (kind === "keyframes"),
        ({ url }) => url,
      ),
  },
  {
    name: "video, keyframe and subtitle playlists last equally long, and audio to 0.1 seconds",
    violations: ({ media }) => {
      const playlistsOf = (kind: MediaListing["kind"]) => media.filter((listing) => listing.kind === kind);
      const video = total(playlistsOf("video")[0]?.text ?? "");
      return violationsIn(
        media,
        ({ kind, text }) => Math.abs(total(text) - video) <= (kind === "audio" ? 0.1 : 0.001),
        ({ url, text }) => `${url}: ${total(text)} s, expected ${video} s`,
      );
    },
  },
  {
    name: "a master playlist lists variants, each of them once",
    violations: (video) => {
      const uris = lines(video.master.text).filter((line) => !line.startsWith("#"));
      return new Set(uris).size === uris.length && uris.length > 0 ? [] : [uris.join(" ")];
    },
  },
];
