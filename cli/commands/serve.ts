import { stat } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { DECODER_ENGINES, type DecoderEngineChoice } from "../../codec/internal.js";
import { VIDEO_ENCODERS, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import {
  type EncodeMode,
  type Root,
  type RunningServer,
  type ServeOptions,
  type SignKey,
  serve,
} from "../../server/index.js";
import { CommandError, UsageError } from "../errors.js";
import {
  addBackgroundEncodeOptions,
  type BackgroundEncodeFlags,
  encodeSettings,
} from "../input/encode-settings.js";
import { SIGN_KEYS_VARIABLE } from "../input/flags.js";
import { integer } from "../input/parsers.js";
import { type Io, print } from "../io.js";

interface ServeFlags extends BackgroundEncodeFlags {
  readonly host: string;
  readonly port: number;
  readonly prefix?: string;
  readonly cacheDir?: string;
  readonly cacheMb?: number;
  readonly clientMpixels?: number;
  readonly trustProxy?: boolean;
  readonly publicUrl?: string;
  readonly prefetch?: number;
  readonly closeSeconds?: number;
  readonly signKey?: readonly SignKey[];
  readonly engine: DecoderEngineChoice;
  readonly videoEncoder: VideoEncoder;
  readonly originAllow?: readonly string[];
  readonly watch: keyof typeof WATCH_MODES;
  readonly encode?: EncodeMode;
  readonly allowUpload?: boolean;
  readonly maxUploadGb?: number;
  readonly publicMetrics?: boolean;
  readonly logLevel?: string;
  readonly drainSeconds?: number;
}

/** Environment variable with request headers for remote origins, one "name: value" per line. */
const ORIGIN_HEADERS_VARIABLE = "SIEDD_ORIGIN_HEADERS";
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
/** Values of --watch, and those of the option `watch`. */
export const WATCH_MODES = { events: true, poll: "poll", off: false } as const;
const MiB = 1024 * 1024;

/** Returns the option --watch. */
export const watchOption = (): Option =>
  new Option("--watch <mode>", "how to watch folders for changes; poll suits network file systems")
    .choices(Object.keys(WATCH_MODES))
    .default("events");

export const parsePort = integer(0, 65535);

export function serveCommand(io: Io): Command {
  const command = new Command("serve")
    .description("serve videos over HTTP at any size, with a player and a library page")
    .argument(
      "[folder|url...]",
      "folders of videos and assets, or URLs of assets, of catalogs or of buckets (default: the current folder)",
    );
  addNetworkOptions(command);
  addResourceOptions(command);
  addMediaOptions(command);
  addEncodeOptions(command);
  return command.action(async (given: readonly string[], flags: ServeFlags) => {
    const sources = given.length > 0 ? given : ["."];
    const server = await serve(await serveOptions(sources, flags, io));
    const names = sources.map(withoutQuery).join(", ");
    await serveUntilInterrupted(server, `Serving ${names} at ${server.url}`, io);
  });
}

function addNetworkOptions(command: Command): void {
  command
    .option("--host <address>", "address to listen on; 0.0.0.0 for all interfaces", "127.0.0.1")
    .option("--port <n>", "port to listen on; 0 for any free port", parsePort, 8080)
    .option("--prefix <path>", "URL path of everything that is served, such as /videos (default: none)")
    .option(
      "--trust-proxy",
      "trust the X-Forwarded-For, -Host and -Proto headers; use behind a reverse proxy",
    )
    .option(
      "--public-url <url>",
      "URL of the catalog as viewers reach it, such as https://host/videos, for links in embed pages and oEmbed (default: as requested)",
    )
    .option(
      "--sign-key <id:secret>",
      `serve signed URLs only; repeatable; the environment variable ${SIGN_KEYS_VARIABLE} keeps keys out of the process list`,
      parseSignKey,
    )
    .option(
      "--allow-upload",
      "let browsers on this machine upload videos into the first folder (requires @tus/server and @tus/file-store)",
    )
    .option(
      "--max-upload-gb <n>",
      "maximum size of an upload in GiB (default: 64, or half of the free disk space)",
      integer(1, 1_000_000),
    )
    .option(
      "--public-metrics",
      "serve /metrics and /stats.json to everyone (default: only to programs and browsers on this machine)",
    )
    .addOption(
      new Option(
        "--log-level <level>",
        "log level; the log on stderr is one JSON object per line (default: warn on a terminal, else info)",
      ).choices(LOG_LEVELS),
    )
    .option(
      "--drain-seconds <n>",
      "on shutdown, keep serving for this long while /readyz returns 503 (default: 0)",
      integer(0, 3600),
    )
    .option(
      "--close-seconds <n>",
      "on shutdown, wait this long for requests in progress (default: 5)",
      integer(0, 3600),
    );
}

function addResourceOptions(command: Command): void {
  command
    .option(
      "--origin-allow <url>",
      "another server to which a remote root may redirect, or link at a private address, such as https://cdn.example; repeatable",
      (url: string, previous: readonly string[] = []) => [...previous, url],
    )
    .option("--cache-dir <folder>", "keep computed segments and images in this folder across restarts")
    .option(
      "--cache-mb <n>",
      "maximum size of --cache-dir in MiB, at least 16 (default: 4096)",
      integer(16, 1_000_000_000),
    )
    .option(
      "--client-mpixels <n>",
      "maximum megapixels per second computed for one client (default: no limit)",
      integer(1, 1_000_000),
    )
    .option("--prefetch <n>", "segments to compute ahead while idle, 0 to 8 (default: 1)", integer(0, 8))
    .addOption(watchOption());
}

function addMediaOptions(command: Command): void {
  command
    .addOption(
      new Option("--engine <name>", "decoder; auto is the faster one for the asset's profile")
        .choices(DECODER_ENGINES)
        .default("auto"),
    )
    .addOption(
      new Option("--video-encoder <name>", "H.264 encoder; all but x264 require a GPU")
        .choices(VIDEO_ENCODERS)
        .default("x264"),
    );
}

function addEncodeOptions(command: Command): void {
  command
    .optionsGroup("Encoding of videos that are not encoded yet:")
    .addOption(
      new Option("--encode <mode>", "off, idle (while nothing is computed for viewers) or eager (always)")
        .choices(["off", "idle", "eager"])
        .default("off"),
    );
  addBackgroundEncodeOptions(command);
}

async function serveOptions(sources: readonly string[], flags: ServeFlags, io: Io): Promise<ServeOptions> {
  const { cacheDir, cacheMb, clientMpixels, logLevel, watch, maxUploadGb, allowUpload } = flags;
  if (cacheMb !== undefined && cacheDir === undefined)
    throw new UsageError("--cache-mb requires --cache-dir");
  if (maxUploadGb !== undefined && allowUpload !== true)
    throw new UsageError("--max-upload-gb requires --allow-upload");
  const level = logLevel ?? (io.stderr.isTTY ? "warn" : "info");
  return {
    root: await Promise.all(sources.map(parseRoot)),
    host: flags.host,
    port: flags.port,
    prefix: flags.prefix,
    trustProxy: flags.trustProxy,
    publicUrl: flags.publicUrl,
    upload: allowUpload,
    maxUploadBytes: maxUploadGb === undefined ? undefined : maxUploadGb * 1024 * MiB,
    metrics: flags.publicMetrics === true ? "public" : true,
    encode: flags.encode,
    encodeOptions: encodeSettings(flags),
    afterEncode: flags.afterEncode,
    stateDir: flags.stateDir,
    originAllowList: flags.originAllow,
    signKeys: resolveSignKeys(flags),
    logger: { level, stream: io.stderr },
    drainSeconds: flags.drainSeconds,
    closeSeconds: flags.closeSeconds,
    cacheDir,
    cacheDirBytes: cacheMb === undefined ? undefined : cacheMb * MiB,
    clientPixelsPerSecond: clientMpixels === undefined ? undefined : clientMpixels * 1_000_000,
    prefetch: flags.prefetch,
    watch: WATCH_MODES[watch],
    engine: flags.engine,
    videoEncoder: flags.videoEncoder,
  };
}

/** Splits `id:secret`; `serve()` checks both. */
function parseSignKey(text: string, previous: readonly SignKey[] = []): readonly SignKey[] {
  const colon = text.indexOf(":");
  if (colon < 0) {
    throw new InvalidArgumentError(
      "A key must be id:secret, such as 2026:a-secret-of-at-least-16-characters.",
    );
  }
  return [...previous, { id: text.slice(0, colon), secret: text.slice(colon + 1) }];
}

/** Returns the keys of --sign-key, else those of the environment variable. */
function resolveSignKeys({ signKey }: ServeFlags): readonly SignKey[] {
  if (signKey !== undefined) return signKey;
  const texts = (process.env[SIGN_KEYS_VARIABLE] ?? "").split(/\s+/).filter((text) => text !== "");
  try {
    return texts.reduce<readonly SignKey[]>((keys, text) => parseSignKey(text, keys), []);
  } catch {
    throw new UsageError(
      `${SIGN_KEYS_VARIABLE} must contain keys in the form id:secret, separated by spaces`,
    );
  }
}

function originHeaders(): Readonly<Record<string, string>> {
  const lines = (process.env[ORIGIN_HEADERS_VARIABLE] ?? "").split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(line.trim()) ?? [];
      if (name === undefined) {
        throw new UsageError(`${ORIGIN_HEADERS_VARIABLE} must contain lines of the form "name: value"`);
      }
      return [name, value];
    }),
  );
}

async function parseRoot(source: string): Promise<Root> {
  if (/^https?:\/\//i.test(source)) {
    if (URL.canParse(source) && new URL(source).username !== "") {
      throw new UsageError(
        `source URLs must not contain credentials; set a header in ${ORIGIN_HEADERS_VARIABLE} instead`,
      );
    }
    return { url: source, headers: originHeaders() };
  }
  const [scheme] = /^[a-z][a-z\d+.-]+:\/\//i.exec(source) ?? [];
  if (scheme !== undefined) {
    throw new UsageError(
      `unsupported source URL "${scheme}..."; use https:// (S3-compatible endpoints work over HTTPS)`,
    );
  }
  await requireFolder(source);
  return source;
}

/** @throws CommandError if there is no folder at the path */
export async function requireFolder(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory() !== true)
    throw new CommandError(`${path} is not a folder; pass the folder that contains your videos`);
}

/** Removes the query of a URL, because that of a presigned URL is a secret. */
const withoutQuery = (source: string): string =>
  /^https?:/i.test(source) ? source.split("?", 1)[0] : source;

/** Prints a message, waits until the command is interrupted, and closes the server. */
export async function serveUntilInterrupted(server: RunningServer, message: string, io: Io): Promise<void> {
  try {
    // The server is useful even if this line cannot be written.
    print(io, message).catch(() => {});
    await interrupted(io);
  } finally {
    await server.close();
  }
}

/** Resolves when the command is interrupted. Does not keep the process running. */
export const interrupted = ({ signal }: Io): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
