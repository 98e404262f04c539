const HEADER_BYTES = 7;

/**
 * Wraps AAC access units in ADTS headers (ISO/IEC 14496-3, 1.A.2.2).
 *
 * @param config AudioSpecificConfig: object type, sampling rate index and channel configuration in its first 13 bits
 */
export function writeAdts(config: Uint8Array, packets: readonly Uint8Array[]): Uint8Array {
  const [first = 0, second = 0] = config;
  const objectType = first >>> 3;
  const rateIndex = ((first & 7) << 1) | (second >>> 7);
  const channels = (second >>> 3) & 15;
  const stream = new Uint8Array(packets.reduce((sum, { length }) => sum + length + HEADER_BYTES, 0));
  let offset = 0;
  for (const packet of packets) {
    const length = packet.length + HEADER_BYTES;
    stream.set(
      [
        0xff,
        0xf1,
        ((objectType - 1) << 6) | (rateIndex << 2) | (channels >>> 2),
        ((channels & 3) << 6) | (length >>> 11),
        (length >>> 3) & 255,
        ((length & 7) << 5) | 31,
        0xfc,
      ],
      offset,
    );
    stream.set(packet, offset + HEADER_BYTES);
    offset += length;
  }
  return stream;
}
