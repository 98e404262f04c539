import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { Random } from "../../encoder/training/sampling/random.js";
import { checkSegments } from "./check-segments.js";
import { type ClientLog, playHls } from "./hls-client.js";
import { checkShownFrames, record, recorded, type Stall, seekOrResize } from "./page-viewer.js";

export interface SwitchOptions {
  /** A page whose `window.player` has loaded the source. */
  readonly page: Page;
  /** URL of the video, with a trailing slash. */
  readonly video: string;
  /** Duration of the video. */
  readonly seconds: number;
  /** Number of scripted clients beside the page. */
  readonly clients: number;
  /** Milliseconds between two actions in the page. */
  readonly interval: number;
  /** Seconds to play before `replace` is called, and after the asset is served. */
  readonly before: number;
  readonly after: number;
  /** Segments of each kind that the clients receive at least, however slow the machine is. */
  readonly minSegments: number;
  /** Puts an asset in place of the source, or waits for it. */
  readonly replace: () => Promise<void>;
}

type SegmentCounts = Readonly<Record<"source" | "superseded" | "asset", number>>;

/** Result of `watchSwitch`. */
export interface SwitchReport {
  /** Everything that must not happen. */
  readonly faults: readonly string[];
  /** Segments that clients have received: of the source, of the asset at the old URLs, and at the new ones. */
  readonly segments: SegmentCounts;
  readonly distinctSegments: number;
  readonly decodedFrames: number;
  /** Responses with status 503. */
  readonly busy: number;
  readonly shownFrames: number;
  readonly lateFrames: number;
  /** Longest stalls of the page in milliseconds: during playback before and after the switch, and after seeks. */
  readonly longestStallMs: {
    readonly beforeSwitch: number;
    readonly afterSwitch: number;
    readonly seeking: number;
  };
}

/** Widths in pixels of the windows that the clients play in. */
const WIDTHS = [96, 144, 192];

const MAX_WAIT_MS = 120_000;

const versionOf = async (video: string) => {
  const { backend, v } = (await (await fetch(`${video}info.json`)).json()) as { backend: string; v: string };
  return { backend, v };
};

/** Plays, seeks and resizes in a page and in scripted clients while an asset replaces its source under them. */
export async function watchSwitch(options: SwitchOptions): Promise<SwitchReport> {
  const { page, video, clients, interval, before, after, replace } = options;
  const source = await versionOf(video);
  if (source.backend !== "source") throw new Error(`${video} is not a source`);
  const stop = new AbortController();
  const logs = Array.from({ length: clients }, (): ClientLog => ({ segments: [], busy: 0, errors: [] }));
  const players = logs.map((log, i) =>
    playHls(
      {
        master: `${video}master.m3u8?width=${WIDTHS[i % WIDTHS.length]}`,
        random: new Random(i),
        reloads: i % 3 === 0,
        signal: stop.signal,
      },
      log,
    ),
  );
  await record(page);
  await page.evaluate(() => window.player.play());
  const acting = (async () => {
    for (let call = 1; !stop.signal.aborted; call++) {
      await sleep(interval);
      await seekOrResize(page, call);
    }
  })();
  const received = (kind: keyof SegmentCounts) =>
    untilReceived(() => countSegments(logs, source.v)[kind] >= options.minSegments);
  await Promise.all([sleep(1000 * before), received("source")]);
  await replace();
  let asset = await versionOf(video);
  while (asset.backend !== "asset") {
    await sleep(50);
    asset = await versionOf(video);
  }
  const switchedAt = await page.evaluate(() => performance.now());
  await Promise.all([sleep(1000 * after), received("superseded"), received("asset")]);
  stop.abort();
  await Promise.all([...players, acting]);
  return report(options, logs, { source: source.v, switchedAt }, await recorded(page));
}

async function untilReceived(isReceived: () => boolean): Promise<void> {
  const end = performance.now() + MAX_WAIT_MS;
  while (!isReceived() && performance.now() < end) await sleep(50);
}

/** Counts the segments that clients have received, by what has rendered them. */
function countSegments(logs: readonly ClientLog[], sourceVersion: string): SegmentCounts {
  const counts = { source: 0, superseded: 0, asset: 0 };
  for (const { version, cacheControl } of logs.flatMap((log) => log.segments)) {
    if (version !== sourceVersion) counts.asset++;
    else if (cacheControl === "no-store") counts.superseded++;
    else counts.source++;
  }
  return counts;
}

async function report(
  { seconds }: SwitchOptions,
  logs: readonly ClientLog[],
  { source, switchedAt }: { readonly source: string; readonly switchedAt: number },
  { frames, stalls, errors }: Awaited<ReturnType<typeof recorded>>,
): Promise<SwitchReport> {
  const check = await checkSegments(
    logs.flatMap((log) => log.segments),
    seconds,
  );
  const { late, wrong } = checkShownFrames(frames);
  const longest = (includes: (stall: Stall) => boolean) =>
    stalls.filter(includes).reduce((most, { milliseconds }) => Math.max(most, Math.round(milliseconds)), 0);
  return {
    faults: [
      ...logs.flatMap((log) => log.errors),
      ...check.faults,
      ...errors,
      ...wrong.map(({ time, gray }) => `the browser has shown gray ${gray} at ${time} s`),
    ],
    segments: countSegments(logs, source),
    distinctSegments: check.distinct,
    decodedFrames: check.frames,
    busy: logs.reduce((sum, { busy }) => sum + busy, 0),
    shownFrames: frames.length,
    lateFrames: late,
    longestStallMs: {
      beforeSwitch: longest(({ afterSeek, startedAt }) => !afterSeek && startedAt < switchedAt),
      afterSwitch: longest(({ afterSeek, startedAt }) => !afterSeek && startedAt >= switchedAt),
      seeking: longest(({ afterSeek }) => afterSeek),
    },
  };
}
