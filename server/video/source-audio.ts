import { LRUCache } from "lru-cache";
import type { AudioTrack } from "../../codec/asset/asset.js";
import { frameSeconds } from "../../codec/asset/rational.js";
import { writeAdts } from "../../codec/iso/adts.js";
import { padWithSilence } from "../../codec/iso/silence.js";
import { aacPriming, readAacPackets } from "../../media/read/aac-packets.js";
import {
  AAC_PACKET_SAMPLES,
  type AacCopy,
  aacBitrate,
  aacPacketCount,
  aacSampleRate,
  aacTrackConfig,
  adtsPackets,
  windowPackets,
} from "../../media/read/audio.js";
import type { PlannedAudio } from "../../media/read/audio-plan.js";
import type { CoalescingCache } from "../cache/coalescing-cache.js";
import type { SourceFile } from "../library/library.js";
import type { WorkQueue } from "../scheduling/queue.js";

/** The largest packet, compared to the mean one. */
const PEAK_RATIO = 2;

/** Seconds of video in a source. */
const secondsOf = ({ frameCount, info }: SourceFile): number => frameSeconds(frameCount, info.frameRate);

/** Returns the audio tracks of a source as its asset will have them. Sizes are estimates. */
export function audioTracksOf(source: SourceFile): AudioTrack[] {
  const labeled = source.audio.findIndex((track) => track.default && track.downmixOf === null);
  return source.audio.map((planned, index) => {
    const { mapping, language, title, downmixOf } = planned;
    const sampleRate = aacSampleRate(planned.source);
    const packetCount = packetCountOf(source, planned);
    const { meanBytes, maxBytes } = packetSizes(planned);
    return {
      index,
      codec: "mp4a.40.2",
      sampleRate,
      channels: mapping.channels,
      language,
      title,
      default: index === Math.max(0, labeled),
      downmixOf,
      config: aacTrackConfig(planned),
      packetCount,
      packetDuration: AAC_PACKET_SAMPLES,
      priming: aacPriming(source.info, planned),
      bytes: Math.ceil(packetCount * meanBytes),
      maxPacketBytes: Math.ceil(Math.max(maxBytes, PEAK_RATIO * meanBytes)),
    };
  });
}

/** Returns how many packets the asset of a source will have for a track. */
const packetCountOf = (source: SourceFile, planned: PlannedAudio): number =>
  aacPacketCount(secondsOf(source), planned.source, aacPriming(source.info, planned));

/** Returns sizes of packets in bytes: samples of a track that is copied, or what its bit rate means. */
function packetSizes({ source, mapping, copy }: PlannedAudio): Pick<AacCopy, "meanBytes" | "maxBytes"> {
  if (copy !== undefined) return copy;
  const meanBytes = (aacBitrate(mapping) * AAC_PACKET_SAMPLES) / aacSampleRate(source) / 8;
  return { meanBytes, maxBytes: 0 };
}

/** Bytes of encoded windows in memory: about half an hour of stereo. */
const MEMORY_BYTES = 32 << 20;
/** Cost of encoding a second of one channel, in decoded samples. */
const SAMPLES_PER_SECOND = 250_000;
/** The same for copying: the packets of a minute are read in a fraction of a second. */
const SAMPLES_PER_COPIED_SECOND = 5_000;

/** Packets to read. */
export interface PacketRequest {
  /** Index in `SourceFile.audio`. */
  readonly track: number;
  readonly first: number;
  readonly count: number;
  readonly signal?: AbortSignal;
}

/** Where windows are cached, and the queue that encodes them. */
export interface SourceAudioDependencies {
  readonly cache: CoalescingCache;
  readonly queue: WorkQueue;
}

/**
 * Reads the audio of sources as AAC in windows of about a minute, when a packet of them is needed: AAC-LC is copied, and
 * other audio is encoded. An encode of the source stores the same packets.
 */
export class SourceAudio {
  readonly #dependencies: SourceAudioDependencies;
  readonly #windows = new LRUCache<string, readonly Uint8Array[]>({
    maxSize: MEMORY_BYTES,
    sizeCalculation: (packets) => packets.reduce((sum, { byteLength }) => sum + byteLength, 1),
  });

  constructor(dependencies: SourceAudioDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Reads access units of a track.
   * @throws RangeError if a packet does not exist; MediaError; RequestError (see `WorkQueue.run`); the signal's reason
   */
  async read(source: SourceFile, { track, first, count, signal }: PacketRequest): Promise<Uint8Array[]> {
    const planned = source.audio[track];
    const total = planned === undefined ? 0 : packetCountOf(source, planned);
    if (planned === undefined || !(first >= 0 && count >= 0 && first + count <= total)) {
      throw new RangeError(
        `packets ${first} to ${first + count - 1} of audio track ${track} do not exist: the track has ${total}`,
      );
    }
    const perWindow = windowPackets(planned.source);
    const packets: Uint8Array[] = [];
    while (packets.length < count) {
      const next = first + packets.length;
      const begin = next - (next % perWindow);
      const range = { track, first: begin, count: Math.min(perWindow, total - begin), signal };
      const window = await this.#window(source, planned, range);
      packets.push(...window.slice(next - begin, next - begin + count - packets.length));
    }
    return packets;
  }

  async #window(
    source: SourceFile,
    planned: PlannedAudio,
    { track, first, count, signal }: PacketRequest,
  ): Promise<readonly Uint8Array[]> {
    const { cache, queue } = this.#dependencies;
    const { mapping, copy } = planned;
    const method = copy === undefined ? mapping.filter : `copy ${copy.phase}`;
    const key = `source ${source.identity} audio ${track} ${first} ${count} ${method}`;
    const known = this.#windows.get(key);
    if (known !== undefined) return known;
    const config = aacTrackConfig(planned);
    const readWindow = async (jobSignal: AbortSignal) => {
      const range = { first, count, seconds: secondsOf(source), signal: jobSignal };
      const stored = await readAacPackets(source.path, source.info, planned, range);
      return writeAdts(config, padWithSilence(stored, count, config));
    };
    const seconds = (count * AAC_PACKET_SAMPLES) / aacSampleRate(planned.source);
    const perSecond = copy === undefined ? SAMPLES_PER_SECOND : SAMPLES_PER_COPIED_SECOND;
    const cost = Math.ceil(perSecond * mapping.channels * seconds);
    const bytes = await cache.get(key, (shared) => queue.run(readWindow, shared, cost), signal);
    const packets = adtsPackets(bytes);
    this.#windows.set(key, packets);
    return packets;
  }
}
