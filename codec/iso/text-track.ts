import { ByteReader } from "../bytes/reader.js";
import { ByteWriter } from "../bytes/writer.js";
import { box, fullBox, readBoxes, versionAndFlags } from "./box.js";

/** What WebVTT calls a cue: text on screen for some time. */
export interface TextCue {
  /** Milliseconds from the start of the video. */
  readonly start: number;
  readonly end: number;
  /** WebVTT cue settings, such as "line:0 align:left"; "" for none. */
  readonly settings: string;
  /** WebVTT cue text; lines end with "\n". */
  readonly text: string;
}

/** Units a second of a text track. */
export const TEXT_TIMESCALE = 1000;

/** The samples of a text track, one after the other without a gap. */
export interface TextSamples {
  /** Milliseconds. */
  readonly durations: readonly number[];
  readonly samples: readonly Uint8Array[];
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An `stsd` with one `wvtt` sample entry (ISO/IEC 14496-30, 7.5). */
export function writeTextSampleEntry(): Uint8Array {
  const entry = new ByteWriter().zeros(6).u16(1).finish();
  const wvtt = box("wvtt", entry, box("vttC", utf8("WEBVTT")));
  return fullBox("stsd", 0, 0, new ByteWriter().u32(1).finish(), wvtt);
}

/** Whether an `stsd` holds one `wvtt` sample entry. */
export function isTextSampleEntry(stsd: ByteReader): boolean {
  versionAndFlags(stsd);
  if (stsd.u32() !== 1) return false;
  return readBoxes(stsd)[0]?.type === "wvtt";
}

/**
 * Cuts time at every start and end of a cue (ISO/IEC 14496-30, 7.4): a sample holds all cues on screen
 * meanwhile, and those that are cut carry a number by which they are joined again.
 * @param duration milliseconds of the video; cues must end by then and last a millisecond at least.
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

function cueBox({ settings, text }: TextCue, number: number): Uint8Array {
  const parts = [box("vsid", new ByteWriter().u32(number).finish())];
  if (settings !== "") parts.push(box("sttg", utf8(settings)));
  return box("vttc", ...parts, box("payl", utf8(text)));
}

/** Joins the samples of a text track to its cues, in the order of their starts. Damage is `bad-asset`. */
export function readTextSamples(samples: readonly Uint8Array[], durations: ArrayLike<number>): TextCue[] {
  const cues: { start: number; end: number; settings: string; text: string }[] = [];
  let open = new Map<number, (typeof cues)[number]>();
  let time = 0;
  samples.forEach((sample, i) => {
    const end = time + durations[i];
    const still: typeof open = new Map();
    for (const { type, reader } of readBoxes(new ByteReader(sample, "a subtitle"))) {
      if (type !== "vttc") continue;
      const { number, settings, text } = readCue(reader);
      let cue = number === undefined ? undefined : open.get(number);
      if (cue === undefined) {
        cue = { start: time, end, settings, text };
        cues.push(cue);
      }
      cue.end = end;
      if (number !== undefined) still.set(number, cue);
    }
    open = still;
    time = end;
  });
  return cues;
}

function readCue(reader: ByteReader): { number: number | undefined; settings: string; text: string } {
  const decoder = new TextDecoder();
  let number: number | undefined;
  let settings = "";
  let text = "";
  for (const part of readBoxes(reader)) {
    if (part.type === "vsid") number = part.reader.u32();
    if (part.type === "sttg") settings = decoder.decode(part.reader.bytes(part.reader.remaining));
    if (part.type === "payl") text = decoder.decode(part.reader.bytes(part.reader.remaining));
  }
  return { number, settings, text };
}
