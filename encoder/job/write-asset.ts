import { createHash } from "node:crypto";
import { copyFile, type FileHandle, open, rename } from "node:fs/promises";
import {
  type AssetLayout,
  IDENTITY_BYTES,
  type TextTrackContents,
  writeAssetHeader,
} from "../../codec/internal.js";
import { MediaError, writeError } from "../../media/errors.js";
import { AAC_PACKET_SAMPLES } from "../../media/index.js";
import { writeAtomically } from "../../media/write/atomic-file.js";
import { type EncodedAudio, readPackets } from "./audio.js";
import type { EncodeJob, TrainedGroups } from "./profile.js";

/** What an asset holds besides the video. */
export interface MediaTracks {
  readonly audio: readonly EncodedAudio[];
  readonly text: readonly TextTrackContents[];
  /** A JPEG file. */
  readonly cover: Uint8Array | undefined;
}

function layoutAsset(
  { video }: EncodeJob,
  { audio, text, cover }: MediaTracks,
  { model, groups, samples }: TrainedGroups,
): AssetLayout {
  /** Index of the group in its scene. */
  let position = 0;
  return writeAssetHeader({
    ...video.size,
    frameRate: video.info.frameRate,
    ...model,
    groups: groups.map(({ frameCount, startsScene }, i) => {
      position = startsScene ? 0 : position + 1;
      const { bytes, longParts } = samples[i];
      return { frameCount, size: bytes, position, longParts };
    }),
    audio: audio.map((track) => ({
      ...track,
      packetSizes: track.sizes,
      packetDuration: AAC_PACKET_SAMPLES,
    })),
    text,
    cover,
    metadata: video.metadata,
  });
}

/** Returns the bytes of an asset with these groups, without its audio. */
export function countVideoBytes(job: EncodeJob, tracks: MediaTracks, trained: TrainedGroups): number {
  const { header, chunks } = layoutAsset(job, tracks, trained);
  return chunks.reduce((sum, { kind, size }) => (kind === "group" ? sum + size : sum), header.length);
}

/**
 * Writes the asset from the checkpoints atomically: writes a file in the work folder, syncs it to disk and renames it.
 * Holds only one group in memory. The identity of the asset is the SHA-256 of its bytes, in which the identity itself is 0.
 */
export async function writeAsset(
  job: EncodeJob,
  tracks: MediaTracks,
  trained: TrainedGroups,
): Promise<{ bytes: number; audioBytes: number }> {
  const { options, checkpoints } = job;
  const { audio } = tracks;
  const { header, chunks, identityOffset } = layoutAsset(job, tracks, trained);
  const hash = createHash("sha256");
  let bytes = header.length;
  let audioBytes = 0;
  const temporary = checkpoints.path("asset.part");
  const audioFiles: FileHandle[] = [];
  try {
    for (const { path } of audio) audioFiles.push(await open(path));
    {
      await using file = await open(temporary, "w");
      const write = async (data: Uint8Array) => {
        hash.update(data);
        await file.writeFile(data);
      };
      await write(header);
      for (const chunk of chunks) {
        bytes += chunk.size;
        if (chunk.kind === "group") {
          const { payload } = await checkpoints.requireGroup(chunk.index);
          await write(payload);
        } else {
          audioBytes += chunk.size;
          await write(await readPackets(audioFiles[chunk.track], audio[chunk.track], chunk));
        }
      }
      await file.write(hash.digest(), 0, IDENTITY_BYTES, identityOffset);
      await file.sync();
    }
    await moveAtomically(temporary, options.output);
  } catch (cause) {
    throw cause instanceof MediaError ? cause : writeError(options.output, cause);
  } finally {
    for (const file of audioFiles) await file.close();
  }
  return { bytes, audioBytes };
}

/** Moves a file, which never appears in part. A work folder may be on another file system than the asset. */
async function moveAtomically(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EXDEV") throw error;
    await writeAtomically(to, ".part", (temporary) => copyFile(from, temporary));
  });
}
