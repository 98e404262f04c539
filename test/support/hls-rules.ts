/** A playlist as it was served. */
export interface ServedPlaylist {
  readonly url: string;
  readonly text: string;
}

/** What a rule looks at: one master playlist and the playlists it lists, read. */
export interface ServedVideo {
  readonly master: ServedPlaylist;
  readonly media: readonly MediaListing[];
}

export interface MediaListing extends ServedPlaylist {
  readonly kind: "video" | "keyframes" | "audio" | "text" | "images";
}

/** A rule of Apple's "HLS Authoring Specification for Apple Devices" or of RFC 8216bis: what breaks it, in words. */
export interface AuthoringRule {
  readonly name: string;
  broken(video: ServedVideo): string[];
}

type Attributes = Readonly<Record<string, string>>;

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** The attributes of every tag of a name, quotes taken off. */
function tags(text: string, name: string): Attributes[] {
  return lines(text)
    .filter((line) => line.startsWith(`#${name}:`))
    .map((line) =>
      Object.fromEntries(
        [...line.slice(name.length + 2).matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)].map(([, key, value]) => [
          key!,
          value!.replaceAll('"', ""),
        ]),
      ),
    );
}

const value = (text: string, name: string): string | undefined =>
  lines(text)
    .find((line) => line.startsWith(`#${name}:`))
    ?.slice(name.length + 2);
const has = (text: string, tag: string): boolean => lines(text).includes(`#${tag}`);
const durations = (text: string): number[] =>
  [...text.matchAll(/^#EXTINF:([\d.]+),/gm)].map((match) => Number(match[1]));
const total = (text: string): number => durations(text).reduce((sum, seconds) => sum + seconds, 0);

const variants = ({ master }: ServedVideo) => tags(master.text, "EXT-X-STREAM-INF");
const renditions = ({ master }: ServedVideo) => tags(master.text, "EXT-X-MEDIA");
const keyframes = ({ master }: ServedVideo) => tags(master.text, "EXT-X-I-FRAME-STREAM-INF");
const timed = ({ media }: ServedVideo) => media.filter(({ kind }) => kind === "video" || kind === "audio");

/** A complaint for each of these that does not hold. */
const each = <T>(items: readonly T[], holds: (item: T) => boolean, complain: (item: T) => string): string[] =>
  items.filter((item) => !holds(item)).map(complain);
const shown = (attributes: Attributes): string => JSON.stringify(attributes);
const whole = (text: string | undefined): boolean => /^[1-9]\d*$/.test(text ?? "");

export const AUTHORING_RULES: readonly AuthoringRule[] = [
  {
    name: "every playlist begins with EXTM3U and one version, and ends with a line feed",
    broken: ({ master, media }) =>
      each(
        [master, ...media],
        ({ text }) =>
          /^#EXTM3U\n/.test(text) && text.match(/#EXT-X-VERSION:/g)?.length === 1 && text.endsWith("\n"),
        ({ url }) => url,
      ),
  },
  {
    name: "every variant states BANDWIDTH and AVERAGE-BANDWIDTH, the average not above the peak",
    broken: (video) =>
      each(
        [...variants(video), ...keyframes(video)],
        (v) =>
          whole(v.BANDWIDTH) &&
          whole(v["AVERAGE-BANDWIDTH"]) &&
          Number(v["AVERAGE-BANDWIDTH"]) <= Number(v.BANDWIDTH),
        shown,
      ),
  },
  {
    name: "every variant states CODECS, with a profile and level of H.264",
    broken: (video) =>
      each(
        [...variants(video), ...keyframes(video)],
        (v) => /^avc1\.[0-9a-f]{6}(,|$)/.test(v.CODECS ?? ""),
        shown,
      ),
  },
  {
    name: "the CODECS of a variant name those of its sound",
    broken: (video) =>
      each(variants(video), (v) => v.AUDIO === undefined || /mp4a\.40\.\d+/.test(v.CODECS ?? ""), shown),
  },
  {
    name: "every variant states RESOLUTION and FRAME-RATE, the latter with three decimals",
    broken: (video) =>
      each(
        variants(video),
        (v) => /^\d+x\d+$/.test(v.RESOLUTION ?? "") && /^\d+\.\d{3}$/.test(v["FRAME-RATE"] ?? ""),
        shown,
      ),
  },
  {
    name: "every variant states VIDEO-RANGE and that there are no closed captions",
    broken: (video) =>
      each(variants(video), (v) => v["VIDEO-RANGE"] === "SDR" && v["CLOSED-CAPTIONS"] === "NONE", shown),
  },
  {
    name: "groups of renditions that a variant names are there",
    broken: (video) =>
      each(
        variants(video).flatMap((v) => [
          ...(v.AUDIO === undefined ? [] : [`AUDIO ${v.AUDIO}`]),
          ...(v.SUBTITLES === undefined ? [] : [`SUBTITLES ${v.SUBTITLES}`]),
        ]),
        (group) => renditions(video).some((r) => `${r.TYPE} ${r["GROUP-ID"]}` === group),
        (group) => group,
      ),
  },
  {
    name: "renditions of a group have names of their own, and at most one is the default",
    broken: (video) => {
      const groups = new Map<string, Attributes[]>();
      for (const rendition of renditions(video)) {
        const key = `${rendition.TYPE} ${rendition["GROUP-ID"]}`;
        groups.set(key, [...(groups.get(key) ?? []), rendition]);
      }
      return each(
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
    name: "a default rendition may be selected by itself",
    broken: (video) => each(renditions(video), (r) => r.DEFAULT !== "YES" || r.AUTOSELECT === "YES", shown),
  },
  {
    name: "sound states its channels",
    broken: (video) => each(renditions(video), (r) => r.TYPE !== "AUDIO" || whole(r.CHANNELS), shown),
  },
  {
    name: "there are keyframes for scrubbing wherever there is a picture",
    broken: (video) =>
      variants(video).length > 0 && keyframes(video).length === 0 ? ["no EXT-X-I-FRAME-STREAM-INF"] : [],
  },
  {
    name: "a playlist of a video on demand says so and has an end",
    broken: ({ media }) =>
      each(
        media,
        ({ text }) => value(text, "EXT-X-PLAYLIST-TYPE") === "VOD" && has(text, "EXT-X-ENDLIST"),
        ({ url }) => url,
      ),
  },
  {
    name: "no segment is longer than the target duration, a whole number",
    broken: ({ media }) =>
      each(
        media,
        ({ text }) => {
          const target = value(text, "EXT-X-TARGETDURATION");
          return whole(target) && durations(text).every((seconds) => Math.round(seconds) <= Number(target));
        },
        ({ url }) => url,
      ),
  },
  {
    name: "playlists of picture and sound have one target duration",
    broken: (video) => {
      const found = [...new Set(timed(video).map(({ text }) => value(text, "EXT-X-TARGETDURATION")))];
      return found.length <= 1 ? [] : [found.join(", ")];
    },
  },
  {
    name: "segments of fragmented MP4 have an EXT-X-MAP, others have none",
    broken: ({ media }) =>
      each(
        media,
        ({ kind, text }) => tags(text, "EXT-X-MAP").length > 0 === (kind !== "text" && kind !== "images"),
        ({ url }) => url,
      ),
  },
  {
    name: "every segment begins with a keyframe, and the playlists say so",
    broken: ({ master, media }) =>
      each(
        [master, ...media],
        ({ text }) => has(text, "EXT-X-INDEPENDENT-SEGMENTS"),
        ({ url }) => url,
      ),
  },
  {
    name: "only playlists of keyframes say that they have nothing else",
    broken: ({ media }) =>
      each(
        media,
        ({ kind, text }) => has(text, "EXT-X-I-FRAMES-ONLY") === (kind === "keyframes"),
        ({ url }) => url,
      ),
  },
  {
    name: "picture, keyframes and subtitles last equally long to a frame, the sound to a tenth of a second",
    broken: ({ media }) => {
      const of = (kind: MediaListing["kind"]) => media.filter((listing) => listing.kind === kind);
      const video = total(of("video")[0]?.text ?? "");
      return each(
        media,
        ({ kind, text }) => Math.abs(total(text) - video) <= (kind === "audio" ? 0.1 : 0.001),
        ({ url, text }) => `${url}: ${total(text)} s, not ${video}`,
      );
    },
  },
  {
    name: "no stream of pictures is listed twice, and the first one is playable at once",
    broken: (video) => {
      const uris = lines(video.master.text).filter((line) => !line.startsWith("#"));
      return new Set(uris).size === uris.length && uris.length > 0 ? [] : [uris.join(" ")];
    },
  },
];
