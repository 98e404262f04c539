/** A run of bytes in the file's `mdat`, in the order of playing: a group, then the sound beneath it. */
export type Chunk =
  | { readonly kind: "group"; readonly index: number; readonly size: number }
  | {
      readonly kind: "audio";
      readonly track: number;
      readonly first: number;
      readonly count: number;
      readonly size: number;
    };

/** Packet sizes of one audio track and its clock. */
export interface AudioTiming {
  readonly sampleRate: number;
  readonly packetDuration: number;
  readonly priming: number;
  readonly packetSizes: readonly number[] | Uint32Array;
}

/**
 * Interleaves groups and audio so that a player that reads on from a group finds its sound there.
 * `groupEnds` are seconds at which each group ends.
 */
export function interleave(
  groupSizes: readonly number[],
  groupEnds: readonly number[],
  audio: readonly AudioTiming[],
): Chunk[] {
  const chunks: Chunk[] = [];
  const next = audio.map(() => 0);
  groupSizes.forEach((size, index) => {
    chunks.push({ kind: "group", index, size });
    audio.forEach((timing, track) => {
      const first = next[track];
      const last = index === groupSizes.length - 1;
      const end = last
        ? timing.packetSizes.length
        : Math.min(
            timing.packetSizes.length,
            Math.ceil((groupEnds[index] * timing.sampleRate + timing.priming) / timing.packetDuration),
          );
      if (end <= first) return;
      let bytes = 0;
      for (let i = first; i < end; i++) bytes += timing.packetSizes[i];
      chunks.push({ kind: "audio", track, first, count: end - first, size: bytes });
      next[track] = end;
    });
  });
  return chunks;
}
