import { type FileHandle, open, rename } from "node:fs/promises";
import { type AssetHeader, type TextTrackContents, writeAssetHeader } from "../../codec/internal.js";
import { writeError } from "../../media/errors.js";
import { type EncodedAudio, readPackets } from "./audio.js";
import type { EncodeJob, TrainedVideo } from "./profile.js";

/** Samples of an AAC packet. */
const AAC_PACKET_SAMPLES = 1024;
/** Samples that an AAC encoder puts before time 0. */
const AAC_PRIMING_SAMPLES = 1024;

/** Everything in an asset besides the groups, which are in the checkpoints. */
export interface AssetTracks {
  readonly trained: TrainedVideo;
  readonly audio: readonly EncodedAudio[];
  readonly text: readonly TextTrackContents[];
}

/**
 * Writes the asset from the checkpoints, atomically: to a file in the work folder, then fsync and rename. At most one
 * group is in memory.
 */
export async function writeAsset(
  { video, options, checkpoints }: EncodeJob,
  { trained, audio, text }: AssetTracks,
): Promise<{ bytes: number; audioBytes: number }> {
  const contents: AssetHeader = {
    ...video.size,
    frameRate: video.info.frameRate,
    ...trained.model,
    groups: trained.groups.map(({ frameCount }, i) => ({ frameCount, size: trained.sizes[i] })),
    audio: audio.map((track) => ({
      ...track,
      packetSizes: track.sizes,
      packetDuration: AAC_PACKET_SAMPLES,
      priming: AAC_PRIMING_SAMPLES,
    })),
    text,
  };
  const { header, chunks } = writeAssetHeader(contents);
  let bytes = header.length;
  let audioBytes = 0;
  const temporary = checkpoints.path("asset.part");
  const audioFiles: FileHandle[] = [];
  try {
    for (const { path } of audio) audioFiles.push(await open(path));
    {
      await using file = await open(temporary, "w");
      await file.writeFile(header);
      for (const chunk of chunks) {
        bytes += chunk.size;
        if (chunk.kind === "group") {
          const { payload } = await checkpoints.requireGroup(chunk.index);
          await file.writeFile(payload);
        } else {
          audioBytes += chunk.size;
          await file.writeFile(await readPackets(audioFiles[chunk.track], audio[chunk.track], chunk));
        }
      }
      await file.sync();
    }
    await rename(temporary, options.output);
  } catch (cause) {
    throw writeError(options.output, cause);
  } finally {
    for (const file of audioFiles) await file.close();
  }
  return { bytes, audioBytes };
}
