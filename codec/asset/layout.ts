/** A contiguous range of the file's `mdat`, in playback order: a group, followed by the audio that plays with it. */
export type Chunk =
  | { readonly kind: "group"; readonly index: number; readonly size: number }
  | {
      readonly kind: "audio";
      readonly track: number;
      readonly first: number;
      readonly count: number;
      readonly size: number;
    };

/** Packet sizes and clock of one audio track. */
export interface AudioTiming {
  /** Hertz. */
  readonly sampleRate: number;
  /** Samples per packet. */
  readonly packetDuration: number;
  /** Samples that precede time 0 of the video. */
  readonly priming: number;
  /** Bytes. */
  readonly packetSizes: readonly number[] | Uint32Array;
}

/**
 * Interleaves groups and audio, so that a player that reads sequentially finds the audio of a group right
 * after it.
 *
 * @param groupSizes bytes of each group
 * @param groupEnds end time of each group in seconds
 */
export function interleave(
  groupSizes: readonly number[],
  groupEnds: readonly number[],
  audio: readonly AudioTiming[],
): Chunk[] {
  const chunks: Chunk[] = [];
  const nextPacket = audio.map(() => 0);
  groupSizes.forEach((size, index) => {
    chunks.push({ kind: "group", index, size });
    audio.forEach((timing, track) => {
      const first = nextPacket[track];
      const isLast = index === groupSizes.length - 1;
      const end = isLast
        ? timing.packetSizes.length
        : Math.min(
            timing.packetSizes.length,
            Math.ceil((groupEnds[index] * timing.sampleRate + timing.priming) / timing.packetDuration),
          );
      if (end <= first) return;
      let bytes = 0;
      for (let i = first; i < end; i++) bytes += timing.packetSizes[i];
      chunks.push({ kind: "audio", track, first, count: end - first, size: bytes });
      nextPacket[track] = end;
    });
  });
  return chunks;
}
