import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../encoder/training/sampling/random.js";

/** A media segment that a client has received. */
export interface ReceivedSegment {
  /** URL without the query: the same segment of a source and of its asset. */
  readonly path: string;
  /** The `v` of its URL. */
  readonly version: string | null;
  readonly index: number;
  readonly init: Buffer;
  readonly bytes: Buffer;
  readonly cacheControl: string | null;
}

/** What a client has received, and what went wrong. */
export interface ClientLog {
  readonly segments: ReceivedSegment[];
  /** Number of 503 responses, after which it has tried again. */
  busy: number;
  /** Other responses that do not have the status 200. */
  readonly errors: string[];
}

export interface HlsClientOptions {
  /** URL of the master playlist. */
  readonly master: string;
  readonly random: Random;
  /** Whether it opens the master playlist again from time to time, as after a reload of its page. */
  readonly reloads: boolean;
  readonly signal: AbortSignal;
}

interface MediaPlaylist {
  readonly init: string;
  readonly segments: readonly string[];
  /** Seconds. */
  readonly durations: readonly number[];
}

/** Largest sides of a client's variants, in pixels: they play beside each other on two cores. */
const MAX_WIDTH = 200;

/**
 * Plays as an HLS client does: fetches the playlists once, plays segments in real time, seeks and changes sizes. A VOD playlist
 * is not fetched again, so its URLs keep the version of the time when it was fetched.
 */
export async function playHls(options: HlsClientOptions, log: ClientLog): Promise<void> {
  const { random, reloads, signal } = options;
  const chance = (probability: number) => random.uniform() < probability;
  try {
    let session = await openSession(options, log);
    let next = random.intBelow(session.length);
    while (!signal.aborted) {
      if (reloads && chance(0.3)) session = await openSession(options, log);
      if (chance(0.2)) await session.changeVariant();
      if (chance(0.2)) next = random.intBelow(session.length);
      const [seconds] = await Promise.all([session.load(next), session.loadAudio(next)]);
      next = (next + 1) % session.length;
      await sleep(1000 * seconds, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) log.errors.push(String((error as Error).cause ?? error));
  }
}

/** A master playlist that was opened, and the media playlists of it that were needed so far. */
class Session {
  readonly #options: HlsClientOptions;
  readonly #log: ClientLog;
  readonly #variants: readonly string[];
  readonly #playlists = new Map<string, MediaPlaylist>();
  readonly #inits = new Map<string, Buffer>();
  readonly #audio: string | undefined;
  #variant: string;
  #playlist: MediaPlaylist | undefined;

  constructor(options: HlsClientOptions, log: ClientLog, master: string) {
    this.#options = options;
    this.#log = log;
    const lines = master.split("\n");
    const absolute = (uri: string) => new URL(uri, options.master).href;
    this.#variants = lines.flatMap((line, i) => {
      const width = Number(/^#EXT-X-STREAM-INF:.*RESOLUTION=(\d+)x/.exec(line)?.[1]);
      return width <= MAX_WIDTH ? [absolute(lines[i + 1] ?? "")] : [];
    });
    const audio = /^#EXT-X-MEDIA:TYPE=AUDIO.*URI="([^"]+)"/m.exec(master)?.[1];
    this.#audio = audio === undefined ? undefined : absolute(audio);
    this.#variant = this.#variants[0] ?? "";
  }

  /** Number of segments. */
  get length(): number {
    return this.#playlist?.segments.length ?? 0;
  }

  async changeVariant(): Promise<void> {
    this.#variant = this.#variants[this.#options.random.intBelow(this.#variants.length)] ?? this.#variant;
    this.#playlist = await this.#media(this.#variant);
  }

  /** Loads a segment of the variant. Resolves to its duration in seconds. */
  async load(index: number): Promise<number> {
    const playlist = this.#playlist ?? (await this.#media(this.#variant));
    await this.#loadSegment(playlist, index);
    return playlist.durations[index] ?? 0;
  }

  async loadAudio(index: number): Promise<void> {
    if (this.#audio === undefined) return;
    const playlist = await this.#media(this.#audio);
    if (index < playlist.segments.length) await this.#loadSegment(playlist, index);
  }

  async #loadSegment({ init, segments }: MediaPlaylist, index: number): Promise<void> {
    const known = this.#inits.get(init);
    const initBytes = known ?? (await fetchRetrying(init, this.#options.signal, this.#log)).bytes;
    this.#inits.set(init, initBytes);
    const url = new URL(segments[index] ?? "");
    const { bytes, cacheControl } = await fetchRetrying(url.href, this.#options.signal, this.#log);
    const version = url.searchParams.get("v");
    this.#log.segments.push({ path: url.pathname, version, index, init: initBytes, bytes, cacheControl });
  }

  async #media(url: string): Promise<MediaPlaylist> {
    const known = this.#playlists.get(url);
    if (known !== undefined) return known;
    const text = (await fetchRetrying(url, this.#options.signal, this.#log)).bytes.toString();
    const playlist = {
      init: new URL(/#EXT-X-MAP:URI="([^"]+)"/.exec(text)?.[1] ?? "", url).href,
      segments: [...text.matchAll(/^[^#\n].*$/gm)].map(([uri]) => new URL(uri, url).href),
      durations: [...text.matchAll(/^#EXTINF:([\d.]+)/gm)].map((match) => Number(match[1])),
    };
    this.#playlists.set(url, playlist);
    return playlist;
  }
}

async function openSession(options: HlsClientOptions, log: ClientLog): Promise<Session> {
  const { bytes } = await fetchRetrying(options.master, options.signal, log);
  const session = new Session(options, log, bytes.toString());
  await session.changeVariant();
  return session;
}

/** Fetches a URL, after a 503 again as players do. Throws at other statuses. */
async function fetchRetrying(
  url: string,
  signal: AbortSignal,
  log: ClientLog,
): Promise<{ readonly bytes: Buffer; readonly cacheControl: string | null }> {
  for (;;) {
    const response = await fetch(url, { signal });
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.status === 200) return { bytes, cacheControl: response.headers.get("cache-control") };
    if (response.status !== 503)
      throw new Error(`${url}: ${response.status} ${bytes.toString().slice(0, 200)}`);
    log.busy++;
    await sleep(1000 * Number(response.headers.get("retry-after")), undefined, { signal });
  }
}
