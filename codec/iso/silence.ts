/*
 * Silence as AAC-LC packets (ISO/IEC 14496-3, 4.4.2): every element without a scale factor band, so without a
 * single coefficient. It fills up a sound that is shorter than its video.
 */

/** Elements of each channel configuration (ISO/IEC 14496-3, table 1.19): one channel, a pair, low frequencies. */
const ELEMENTS: readonly (readonly Element[])[] = [
  [],
  ["single"],
  ["pair"],
  ["single", "pair"],
  ["single", "pair", "single"],
  ["single", "pair", "pair"],
  ["single", "pair", "pair", "low"],
  ["single", "pair", "pair", "pair", "low"],
];
type Element = "single" | "pair" | "low";
const SYNTAX_ID: Record<Element, number> = { single: 0, pair: 1, low: 3 };
const END = 7;

/** AudioSpecificConfig of AAC-LC at 48 kHz with one channel: for a video that has no sound at all. */
export const SILENT_CONFIG: Uint8Array = /* @__PURE__ */ Uint8Array.of(0x11, 0x88);

/** One silent packet of 1024 samples; `channelConfiguration` is that of the AudioSpecificConfig, 1 to 7. */
export function silentPacket(channelConfiguration: number): Uint8Array {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  /** individual_channel_stream with max_sfb 0: global_gain, ics_info, then no pulse, no TNS, no gain control. */
  const channel = () => {
    put(0, 8);
    put(0, 11);
    put(0, 3);
  };
  const tags: Record<Element, number> = { single: 0, pair: 0, low: 0 };
  for (const element of ELEMENTS[channelConfiguration] ?? []) {
    put(SYNTAX_ID[element], 3);
    put(tags[element]++, 4);
    if (element === "pair") {
      put(0, 1); // no common window
      channel();
    }
    channel();
  }
  put(END, 3);
  while (bits.length % 8 !== 0) bits.push(0);
  return Uint8Array.from({ length: bits.length / 8 }, (_, byte) =>
    bits.slice(8 * byte, 8 * byte + 8).reduce((all, bit) => 2 * all + bit, 0),
  );
}

/** The channel configuration of an AudioSpecificConfig; 0 where it is described in the stream itself. */
export function channelConfiguration(config: Uint8Array): number {
  if (config.length < 2) return 0;
  const frequency = ((config[0] & 7) << 1) | (config[1] >> 7);
  // With an explicit frequency, 24 bits lie between.
  if (frequency === 15) return config.length < 5 ? 0 : (config[4] >> 3) & 15;
  return (config[1] >> 3) & 15;
}
