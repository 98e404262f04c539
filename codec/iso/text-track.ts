import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { box, fullBox, readBoxes, versionAndFlags } from "./box.js";
import { escapeInvalidMarkup } from "./cue-text.js";

/** A WebVTT cue: text that is shown from `start` to `end`. */
export interface TextCue {
  /** Milliseconds from the start of the video. */
  readonly start: number;
  /** Milliseconds from the start of the video. */
  readonly end: number;
  /** WebVTT cue settings, such as "line:0 align:left"; "" for none. */
  readonly settings: string;
  /** WebVTT cue text; lines end with "\n". */
  readonly text: string;
}

/** Ticks per second of a text track. */
export const TEXT_TIMESCALE = 1000;

/** The consecutive samples of a text track, without gaps. */
export interface TextSamples {
  /** Milliseconds. */
  readonly durations: readonly number[];
  readonly samples: readonly Uint8Array[];
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Serializes an `stsd` with one `wvtt` sample entry (ISO/IEC 14496-30, 7.5). */
export function writeTextSampleEntry(): Uint8Array {
  const entry = new ByteWriter().zeros(6).u16(1).finish();
  const wvtt = box("wvtt", entry, box("vttC", utf8("WEBVTT")));
  return fullBox("stsd", 0, 0, new ByteWriter().u32(1).finish(), wvtt);
}

/** Returns whether an `stsd` holds exactly one sample entry, of type `wvtt`. */
export function isTextSampleEntry(stsd: ByteReader): boolean {
  versionAndFlags(stsd);
  if (stsd.u32() !== 1) return false;
  return readBoxes(stsd)[0]?.type === "wvtt";
}

/**
 * Converts cues to samples. Splits time at every start and end of a cue (ISO/IEC 14496-30, 7.4). A sample holds
 * all cues that are on screen during it. The parts of a split cue carry the same source ID, so that a reader
 * can join them.
 * @param duration duration of the video in milliseconds; every cue must end within it and last at least 1 ms
 */
export function writeTextSamples(cues: readonly TextCue[], duration: number): TextSamples {
  const times = [...new Set([0, duration, ...cues.flatMap(({ start, end }) => [start, end])])];
  times.sort((a, b) => a - b);
  const order = cues.map((_, index) => index).sort((a, b) => cues[a].start - cues[b].start || a - b);
  const durations: number[] = [];
  const samples: Uint8Array[] = [];
  let active: number[] = [];
  let next = 0;
  for (let i = 0; i + 1 < times.length; i++) {
    active = active.filter((index) => cues[index].end > times[i]);
    for (; next < order.length && cues[order[next]].start <= times[i]; next++) active.push(order[next]);
    durations.push(times[i + 1] - times[i]);
    const sample = new ByteWriter();
    if (active.length === 0) sample.bytes(box("vtte"));
    for (const index of active) sample.bytes(cueBox(cues[index], index));
    samples.push(sample.finish());
  }
  return { durations, samples };
}

function cueBox({ settings, text }: TextCue, sourceId: number): Uint8Array {
  const parts = [box("vsid", new ByteWriter().u32(sourceId).finish())];
  if (settings !== "") parts.push(box("sttg", utf8(settings)));
  return box("vttc", ...parts, box("payl", utf8(text)));
}

/** Milliseconds of work after which reading cues lets other work run. */
const SLICE_MS = 10;

/**
 * Converts the samples of a text track back to cues, ordered by start time. Lets other work run in between.
 * @throws SieddError `bad-asset` if a sample is damaged, or has more than MAX_CHILD_BOXES cues.
 */
export async function readTextSamples(
  samples: readonly Uint8Array[],
  durations: ArrayLike<number>,
): Promise<TextCue[]> {
  const cues: { start: number; end: number; settings: string; text: string }[] = [];
  let active = new Map<number, (typeof cues)[number]>();
  let time = 0;
  let sliceEnd = performance.now() + SLICE_MS;
  for (const [i, sample] of samples.entries()) {
    if (performance.now() > sliceEnd) {
      await new Promise((resolve) => setTimeout(resolve));
      sliceEnd = performance.now() + SLICE_MS;
    }
    const end = time + durations[i];
    const nextActive: typeof active = new Map();
    for (const { type, reader } of readBoxes(new ByteReader(sample, "a subtitle"))) {
      if (type !== "vttc") continue;
      const { sourceId, settings, text } = readCue(reader);
      let cue = sourceId === undefined ? undefined : active.get(sourceId);
      if (cue === undefined) {
        cue = { start: time, end, settings, text };
        cues.push(cue);
      }
      cue.end = end;
      if (sourceId !== undefined) nextActive.set(sourceId, cue);
    }
    active = nextActive;
    time = end;
  }
  return cues;
}

const decoder = /* @__PURE__ */ new TextDecoder();

function readCue(reader: ByteReader): { sourceId: number | undefined; settings: string; text: string } {
  let sourceId: number | undefined;
  let settings = "";
  let text = "";
  for (const part of readBoxes(reader)) {
    if (part.type === "vsid") sourceId = part.reader.u32();
    if (part.type === "sttg") settings = decoder.decode(part.reader.bytes(part.reader.remaining));
    if (part.type === "payl")
      text = escapeInvalidMarkup(decoder.decode(part.reader.bytes(part.reader.remaining)));
  }
  return { sourceId, settings, text };
}
