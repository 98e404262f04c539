import { open } from "node:fs/promises";
import { type AssetContents, indexAdts, layoutAsset, type Model } from "../../codec/index.js";
import { writeAtomically } from "../../media/atomic-file.js";
import { writeError } from "../../media/errors.js";
import type { Checkpoints } from "./checkpoints.js";
import type { PlannedGroup } from "./groups.js";

/** Samples by which an AAC encoder's first packet comes before time 0. */
const AAC_PRIMING = 1024;
const AAC_PACKET = 1024;

/** Encoded sound, as ADTS streams in memory. */
export interface EncodedSound {
  readonly adts: Uint8Array;
  readonly language: string;
}

export type AssetParts = FilmParts & Model;

export interface FilmParts {
  readonly width: number;
  readonly height: number;
  readonly frameRate: { readonly num: number; readonly den: number };
  readonly groups: readonly PlannedGroup[];
  readonly sound: readonly EncodedSound[];
}

/** Writes the asset from its checkpoints, whole or not at all: temporary file, fsync, rename. */
export async function writeAsset(
  output: string,
  parts: AssetParts,
  checkpoints: Checkpoints,
  sizes: readonly number[],
): Promise<{ bytes: number; audioBytes: number }> {
  const tracks = parts.sound.map(({ adts, language }) => ({ adts, language, ...indexAdts(adts) }));
  const contents: AssetContents = {
    ...parts,
    groups: parts.groups.map(({ frameCount }, i) => ({ frameCount, size: sizes[i] })),
    audio: tracks.map((track) => ({
      ...track,
      packetSizes: track.sizes,
      packetDuration: AAC_PACKET,
      priming: AAC_PRIMING,
    })),
  };
  const { head, chunks } = layoutAsset(contents);
  let bytes = head.length;
  let audioBytes = 0;
  await writeAtomically(output, ".siedd", async (temporary) => {
    try {
      await using file = await open(temporary, "wx");
      await file.writeFile(head);
      for (const chunk of chunks) {
        bytes += chunk.size;
        if (chunk.kind === "group") {
          const group = await checkpoints.group(chunk.index);
          if (group === undefined) throw new Error(`the checkpoint of group ${chunk.index} is gone`);
          await file.writeFile(group.payload);
          continue;
        }
        audioBytes += chunk.size;
        const { adts, offsets, sizes: packets } = tracks[chunk.track];
        for (let i = chunk.first; i < chunk.first + chunk.count; i++) {
          await file.writeFile(adts.subarray(offsets[i], offsets[i] + packets[i]));
        }
      }
      await file.sync();
    } catch (cause) {
      throw writeError(output, cause);
    }
  });
  return { bytes, audioBytes };
}
