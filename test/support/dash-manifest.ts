import { XMLParser } from "fast-xml-parser";

/** A Representation of a DASH manifest, with the attributes and descriptors of its AdaptationSet. */
export interface Representation {
  readonly id: string;
  readonly contentType: string;
  readonly lang: string | undefined;
  readonly label: string | undefined;
  readonly role: string | undefined;
  readonly bandwidth: number;
  readonly codecs: string | undefined;
  readonly width: number;
  readonly height: number;
  /** Ticks per second. */
  readonly timescale: number;
  readonly init: string | undefined;
  /** Absolute URLs. A Representation without a timeline has one segment of unknown times. */
  readonly segments: readonly { readonly url: string; readonly time: number; readonly duration: number }[];
}

export interface Manifest {
  readonly type: string;
  /** `mediaPresentationDuration`, such as `PT6S`. */
  readonly duration: string;
  readonly representations: readonly Representation[];
}

const PARSER = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  isArray: (name) => ["AdaptationSet", "Representation", "S"].includes(name),
});

// biome-ignore lint/suspicious/noExplicitAny: the parser has no types for its result
type Element = any;

/** Parses a manifest with one Period. `url` is where it was loaded from. */
export function parseManifest(text: string, url: string): Manifest {
  const { MPD } = PARSER.parse(text) as Element;
  const representations = MPD.Period.AdaptationSet.flatMap((set: Element) =>
    set.Representation.map((representation: Element) => readRepresentation(set, representation, url)),
  );
  return { type: MPD.type, duration: MPD.mediaPresentationDuration, representations };
}

function readRepresentation(set: Element, representation: Element, manifestUrl: string): Representation {
  const template = set.SegmentTemplate ?? {};
  const { id } = representation;
  const resolve = (link: string, number = 0) =>
    new URL(link.replace("$RepresentationID$", id).replace("$Number$", `${number}`), manifestUrl).href;
  const times: { time: number; duration: number }[] = [];
  for (const { t, d, r } of template.SegmentTimeline?.S ?? []) {
    for (let i = 0; i <= Number(r ?? 0); i++)
      times.push({ time: Number(t) + i * Number(d), duration: Number(d) });
  }
  if (times.length === 0) times.push({ time: Number.NaN, duration: Number.NaN });
  return {
    id,
    contentType: set.contentType,
    lang: set.lang,
    label: set.Label,
    role: set.Role?.value,
    bandwidth: Number(representation.bandwidth),
    codecs: representation.codecs,
    width: Number(representation.width),
    height: Number(representation.height),
    timescale: Number(template.timescale),
    init: template.initialization && resolve(template.initialization),
    segments: times.map((time, index) => ({
      url: resolve(template.media ?? representation.BaseURL, Number(template.startNumber ?? 1) + index),
      ...time,
    })),
  };
}
