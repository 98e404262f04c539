/*
 * Silent AAC-LC packets (ISO/IEC 14496-3, 4.4.2). Every element has zero scale factor bands and therefore no
 * coefficients. They pad audio that is shorter than its video.
 */

/** Syntactic elements of each channel configuration (ISO/IEC 14496-3, table 1.19): SCE, CPE and LFE. */
const ELEMENTS: readonly (readonly Element[])[] = [
  [],
  ["single"],
  ["pair"],
  ["single", "pair"],
  ["single", "pair", "single"],
  ["single", "pair", "pair"],
  ["single", "pair", "pair", "lfe"],
  ["single", "pair", "pair", "pair", "lfe"],
];
type Element = "single" | "pair" | "lfe";
const ELEMENT_ID: Record<Element, number> = { single: 0, pair: 1, lfe: 3 };
const ID_END = 7;

/** AudioSpecificConfig of AAC-LC at 48 kHz with one channel, for a video without audio. */
export const SILENT_CONFIG: Uint8Array = /* @__PURE__ */ Uint8Array.of(0x11, 0x88);

/**
 * Returns a silent packet of 1024 samples.
 * @param channelConfiguration channel configuration of the AudioSpecificConfig, 1 to 7
 */
export function silentPacket(channelConfiguration: number): Uint8Array {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  /** individual_channel_stream with max_sfb 0: global_gain, ics_info, then no pulse, no TNS, no gain control. */
  const putChannel = () => {
    put(0, 8);
    put(0, 11);
    put(0, 3);
  };
  const instanceTags: Record<Element, number> = { single: 0, pair: 0, lfe: 0 };
  for (const element of ELEMENTS[channelConfiguration] ?? []) {
    put(ELEMENT_ID[element], 3);
    put(instanceTags[element]++, 4);
    if (element === "pair") {
      put(0, 1); // no common window
      putChannel();
    }
    putChannel();
  }
  put(ID_END, 3);
  while (bits.length % 8 !== 0) bits.push(0);
  return Uint8Array.from({ length: bits.length / 8 }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((value, bit) => 2 * value + bit, 0),
  );
}

/** Returns the channel configuration of an AudioSpecificConfig; 0 means that the stream itself describes it. */
export function channelConfiguration(config: Uint8Array): number {
  if (config.length < 2) return 0;
  const frequency = ((config[0] & 7) << 1) | (config[1] >> 7);
  // An explicit frequency inserts 24 bits.
  if (frequency === 15) return config.length < 5 ? 0 : (config[4] >> 3) & 15;
  return (config[1] >> 3) & 15;
}

/** Returns whether the channels of a track are known, so that silence can be written for it. */
export const canBeSilent = (config: Uint8Array): boolean =>
  ELEMENTS[channelConfiguration(config)]?.length > 0;

/**
 * Returns `count` packets: the given ones, followed by silence.
 * @param config AudioSpecificConfig of the track, for which `canBeSilent` holds
 */
export function padWithSilence(
  packets: readonly Uint8Array[],
  count: number,
  config: Uint8Array,
): readonly Uint8Array[] {
  if (packets.length >= count) return packets;
  const silence = silentPacket(channelConfiguration(config));
  return [...packets, ...new Array<Uint8Array>(count - packets.length).fill(silence)];
}
