import { type FileHandle, open, rename } from "node:fs/promises";
import {
  type AssetHeader,
  type Model,
  type TextTrackContents,
  writeAssetHeader,
} from "../../codec/internal.js";
import { writeError } from "../../media/errors.js";
import type { PlannedGroup } from "../plan/groups.js";
import { type EncodedAudio, readPackets } from "./audio.js";
import type { Checkpoints } from "./checkpoints.js";

/** Samples by which an AAC encoder's first packet comes before time 0. */
const AAC_PRIMING = 1024;
const AAC_PACKET = 1024;

export type AssetParts = VideoTracks & Model;

export interface VideoTracks {
  readonly width: number;
  readonly height: number;
  readonly frameRate: { readonly num: number; readonly den: number };
  readonly groups: readonly PlannedGroup[];
  readonly audio: readonly EncodedAudio[];
  readonly text: readonly TextTrackContents[];
}

/**
 * Writes the asset from its checkpoints, whole or not at all: a file among the checkpoints, so that nothing is
 * left beside the output whatever happens; fsync, rename. No more than a group is in memory.
 */
export async function writeAsset(
  output: string,
  parts: AssetParts,
  checkpoints: Checkpoints,
  sizes: readonly number[],
): Promise<{ bytes: number; audioBytes: number }> {
  const contents: AssetHeader = {
    ...parts,
    groups: parts.groups.map(({ frameCount }, i) => ({ frameCount, size: sizes[i] })),
    audio: parts.audio.map((track) => ({
      ...track,
      packetSizes: track.sizes,
      packetDuration: AAC_PACKET,
      priming: AAC_PRIMING,
    })),
  };
  const { header: head, chunks } = writeAssetHeader(contents);
  let bytes = head.length;
  let audioBytes = 0;
  const temporary = checkpoints.path("asset.part");
  const tracks: FileHandle[] = [];
  try {
    for (const { path } of parts.audio) tracks.push(await open(path));
    {
      await using file = await open(temporary, "w");
      await file.writeFile(head);
      for (const chunk of chunks) {
        bytes += chunk.size;
        if (chunk.kind === "group") {
          const group = await checkpoints.readGroup(chunk.index);
          if (group === undefined) throw new Error(`the checkpoint of group ${chunk.index} is gone`);
          await file.writeFile(group.payload);
        } else {
          audioBytes += chunk.size;
          const audio = parts.audio[chunk.track];
          await file.writeFile(await readPackets(tracks[chunk.track], audio, chunk.first, chunk.count));
        }
      }
      await file.sync();
    }
    await rename(temporary, output);
  } catch (cause) {
    throw writeError(output, cause);
  } finally {
    for (const track of tracks) await track.close();
  }
  return { bytes, audioBytes };
}
