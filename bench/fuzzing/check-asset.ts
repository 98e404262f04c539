import { decodeCost } from "../../codec/decode/cost.js";
import {
  type Asset,
  assetInfo,
  createFrameDecoder,
  fullRegion,
  memorySource,
  openAsset,
  SieddError,
} from "../../codec/internal.js";

/** What reading an asset took, and how it ended. */
export interface AssetCheck {
  /** Error code of the first step that failed; `ok` if none did. */
  readonly outcome: string;
  /** Descriptions of what must not happen: other errors, or too much time or memory. */
  readonly faults: readonly string[];
  /** Processor time in milliseconds. */
  readonly milliseconds: number;
}

/** Processor time in milliseconds to open and list an asset, besides that per megabyte. */
const OPEN_MS = 250;
const OPEN_MS_PER_MEGABYTE = 200;
/** Processor time in milliseconds to open a group and decode a small image of it, besides that per million samples. */
const DECODE_MS = 750;
const DECODE_MS_PER_MILLION_SAMPLES = 150;
/** Bytes of memory above those before the first asset. */
const MEMORY_BYTES = 300 * 1024 * 1024;
/** Cost above which images are not decoded here; in a server, such jobs wait for their turn. */
const MAX_COST = 2_000_000;
/** Packets to read from each end of an audio track. */
const PACKETS = 20;
const IMAGE = { width: 16, height: 16 };

/** Reads assets as a server does: opens, lists and decodes them. Measures the time and the memory of each. */
export class AssetChecker {
  readonly #memory = process.memoryUsage.rss();

  /**
   * Reads an asset.
   *
   * @param decodesPaper whether to decode images of the paper profile, which takes about 20 ms
   */
  async check(bytes: Uint8Array, decodesPaper: boolean): Promise<AssetCheck> {
    const faults: string[] = [];
    const started = process.cpuUsage();
    let asset: Asset | undefined;
    let outcome = await this.#step(
      "open",
      OPEN_MS + (OPEN_MS_PER_MEGABYTE * bytes.length) / 1e6,
      faults,
      async () => {
        asset = await openAsset(memorySource(bytes));
        JSON.stringify(assetInfo(asset));
        for (const { index, packetCount } of asset.audio) {
          await asset.readAudio(index, 0, Math.min(PACKETS, packetCount));
          await asset.readAudio(index, Math.max(0, packetCount - PACKETS), Math.min(PACKETS, packetCount));
        }
        for (const { index } of asset.text) await asset.readText(index);
        if (asset.coverBytes > 0) await asset.readCover();
      },
    );
    if (outcome === "ok" && asset !== undefined && (asset.profile === "tile" || decodesPaper)) {
      outcome = await this.#decode(asset, faults);
    }
    const memory = process.memoryUsage.rss() - this.#memory;
    if (memory > MEMORY_BYTES) faults.push(`took ${Math.round(memory / 2 ** 20)} MiB of memory`);
    return { outcome, faults, milliseconds: millisecondsSince(started) };
  }

  async #decode(asset: Asset, faults: string[]): Promise<string> {
    const viewport = { region: fullRegion(asset), ...IMAGE };
    const cost = decodeCost(asset, viewport, { frames: 1, groups: 1 });
    if (cost > MAX_COST) return "expensive";
    const last = asset.groups.length - 1;
    const limit = DECODE_MS + (DECODE_MS_PER_MILLION_SAMPLES * cost) / 1e6;
    return this.#step("decode", limit, faults, async () => {
      const runtime = () => import("onnxruntime-node");
      const decoder = await createFrameDecoder(asset, { runtime, threads: 1 });
      decoder.expect?.({ count: 1 });
      const group = decoder.loadGroup(last, await asset.readGroup(last));
      await decoder.decodeRgba(group, 0, viewport, new Uint8Array(IMAGE.width * IMAGE.height * 4));
    });
  }

  async #step(name: string, limit: number, faults: string[], run: () => Promise<void>): Promise<string> {
    const started = process.cpuUsage();
    let outcome = "ok";
    try {
      await run();
    } catch (error) {
      if (error instanceof SieddError) outcome = error.code;
      else faults.push(`${name}: ${error instanceof Error ? error.stack : error}`);
    }
    const milliseconds = millisecondsSince(started);
    if (milliseconds > limit)
      faults.push(`${name} took ${Math.round(milliseconds)} ms, at most ${Math.round(limit)}`);
    return outcome;
  }
}

function millisecondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}
