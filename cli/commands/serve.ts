import { stat } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { DECODER_BACKENDS, type DecoderBackendChoice } from "../../codec/decode/frame-decoder.js";
import { VIDEO_ENCODERS, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import {
  type Root,
  type RunningServer,
  ServeError,
  type ServeOptions,
  type SignKey,
  serve,
} from "../../server/index.js";
import { CommandError, UsageError } from "../errors.js";
import { integer } from "../input/values.js";
import { type Io, print } from "../io.js";

export const parsePort = integer(0, 65535);
const MiB = 1024 * 1024;
const parseCount = integer(1, 1_000_000);
const parseMegabytes = integer(16, 1_000_000_000);

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly prefix?: string;
  readonly cacheDir?: string;
  readonly cacheMb?: number;
  readonly clientMpixels?: number;
  readonly trustProxy?: boolean;
  readonly prefetch?: number;
  readonly closeSeconds?: number;
  readonly signKey?: readonly SignKey[];
  readonly engine: DecoderBackendChoice;
  readonly videoEncoder: VideoEncoder;
  readonly watch: "events" | "poll" | "off";
  readonly logLevel?: string;
  readonly drainSeconds?: number;
}

/** Where keys stand that are no business of who lists processes: as in --sign-key, with spaces between. */
const KEYS_VARIABLE = "SIEDD_SIGN_KEYS";

/** Reads `id:secret`; serve() says what is wrong with either. */
function parseKey(text: string, before: readonly SignKey[] = []): readonly SignKey[] {
  const colon = text.indexOf(":");
  if (colon < 0) {
    throw new InvalidArgumentError(
      "A key is a name, a colon and a secret, such as 2026:and-at-least-16-characters.",
    );
  }
  return [...before, { id: text.slice(0, colon), secret: text.slice(colon + 1) }];
}

function signKeysOf({ signKey }: ServeFlags): readonly SignKey[] {
  if (signKey !== undefined) return signKey;
  const texts = (process.env[KEYS_VARIABLE] ?? "").split(/\s+/).filter((text) => text !== "");
  try {
    return texts.reduce<readonly SignKey[]>((keys, text) => parseKey(text, keys), []);
  } catch {
    throw new UsageError(`${KEYS_VARIABLE} must hold keys as id:secret, with spaces between them`);
  }
}

/** Headers for servers that videos come from, one a line as in HTTP. */
const HEADERS_VARIABLE = "SIEDD_ORIGIN_HEADERS";
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
const WATCH = { events: true, poll: "poll", off: false } as const;

function originHeaders(): Readonly<Record<string, string>> {
  const lines = (process.env[HEADERS_VARIABLE] ?? "").split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(line.trim()) ?? [];
      if (name === undefined)
        throw new UsageError(`${HEADERS_VARIABLE} must hold lines such as "name: value"`);
      return [name, value];
    }),
  );
}

async function rootOf(source: string): Promise<Root> {
  if (/^https?:\/\//i.test(source)) {
    if (URL.canParse(source) && new URL(source).username !== "") {
      throw new UsageError(`an address must hold no password; give it as a header in ${HEADERS_VARIABLE}`);
    }
    return { url: source, headers: originHeaders() };
  }
  const [scheme] = /^[a-z][a-z\d+.-]+:\/\//i.exec(source) ?? [];
  if (scheme !== undefined) {
    throw new UsageError(
      `${scheme} is no way to videos; give the http or https address, as buckets have one too`,
    );
  }
  const found = await stat(source).catch(() => undefined);
  if (found?.isDirectory()) return source;
  throw new CommandError(`${source} is not a folder; give the one that holds your .siedd files`);
}

export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("assets over HTTP, with a page to look at them")
    .argument(
      "<folder|url...>",
      "folders whose *.siedd files are served, or addresses of assets, of lists of them or of buckets",
    )
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at, 0 for any that is free", parsePort, 8080)
    .option("--prefix <path>", "path that everything is served below, such as /videos (default: none)")
    .option("--cache-dir <folder>", "keep what was computed in this folder across restarts")
    .option("--cache-mb <n>", "mebibytes of files in it, at least 16 (default: 4096)", parseMegabytes)
    .option("--client-mpixels <n>", "million pixels a second that one client may have computed", parseCount)
    .option("--trust-proxy", "believe X-Forwarded-For, -Host and -Proto: behind a proxy of your own")
    .option("--prefetch <n>", "segments computed ahead while idle, 0 to 8 (default: 1)", integer(0, 8))
    .option(
      "--close-seconds <n>",
      "seconds that work under way may take at the end (default: 5)",
      integer(0, 3600),
    )
    .option(
      "--sign-key <id:secret>",
      `serve signed URLs only; may be repeated, or stand in ${KEYS_VARIABLE}`,
      parseKey,
    )
    .addOption(new Option("--engine <name>", "what decodes").choices(DECODER_BACKENDS).default("auto"))
    .addOption(
      new Option("--video-encoder <name>", "what makes H.264; others than x264 need a graphics card")
        .choices(VIDEO_ENCODERS)
        .default("x264"),
    )
    .addOption(
      new Option("--watch <how>", "how folders are watched; poll suits network file systems")
        .choices(Object.keys(WATCH))
        .default("events"),
    )
    .addOption(
      new Option(
        "--log-level <level>",
        "what the log on stderr holds, one JSON object a line (default: warn on a terminal, else info)",
      ).choices(LOG_LEVELS),
    )
    .option(
      "--drain-seconds <n>",
      "seconds to go on serving at the end while /readyz answers 503 already (default: 0)",
      integer(0, 3600),
    )
    .action(async (sources: readonly string[], flags: ServeFlags) => {
      const { host, port, cacheDir, cacheMb } = flags;
      if (cacheMb !== undefined && cacheDir === undefined) {
        throw new UsageError("--cache-mb bounds the folder of --cache-dir; name one");
      }
      const level = flags.logLevel ?? (io.stderr.isTTY ? "warn" : "info");
      const server = await start({
        ...{ root: await Promise.all(sources.map(rootOf)), host, port },
        ...{ engine: flags.engine, videoEncoder: flags.videoEncoder },
        ...{ watch: WATCH[flags.watch], logger: { level, stream: io.stderr } },
        ...(flags.prefix !== undefined && { prefix: flags.prefix }),
        ...(flags.drainSeconds !== undefined && { drainSeconds: flags.drainSeconds }),
        ...(cacheDir !== undefined && { cacheDir }),
        ...(cacheMb !== undefined && { cacheDirBytes: cacheMb * MiB }),
        ...(flags.clientMpixels !== undefined && { clientPixelsPerSecond: flags.clientMpixels * 1_000_000 }),
        ...(flags.trustProxy && { trustProxy: true }),
        ...(flags.prefetch !== undefined && { prefetch: flags.prefetch }),
        ...(flags.closeSeconds !== undefined && { closeSeconds: flags.closeSeconds }),
        signKeys: signKeysOf(flags),
      });
      await announce(server, `serving ${sources.map(withoutQuery).join(", ")} at ${server.url}`, io);
    });
}

/** The flags of the options that the server may still refuse. */
const FLAGS: Readonly<Record<string, string>> = {
  root: "what is served",
  prefix: "--prefix",
  cacheDir: "--cache-dir",
  cacheDirBytes: "--cache-mb",
};

/** Starts the server. What it refuses is said in the words of the command. */
async function start(options: ServeOptions): Promise<RunningServer> {
  try {
    return await serve(options);
  } catch (error) {
    if (!(error instanceof ServeError) || error.code !== "bad-option") throw error;
    const message = error.message
      .replace(/^siedd options\.signKeys\[(\d+)\]\.(\w+)/, (_all, at, part) => {
        const name = part === "id" ? "name" : part;
        return `the ${name} of key ${Number(at) + 1} in --sign-key or ${KEYS_VARIABLE}`;
      })
      .replace(/^siedd options\.(\w+)/, (all, name) => FLAGS[name] ?? all);
    // With a cause it is the disk that refuses, not the command line that is wrong.
    throw new (error.cause === undefined ? UsageError : CommandError)(message, { cause: error });
  }
}

/** The query of a presigned address is a secret. */
const withoutQuery = (source: string): string =>
  /^https?:/i.test(source) ? source.split("?", 1)[0] : source;

/** Prints where the server is, then waits until the command is to end: that is a server's ordinary end. */
export async function announce(server: RunningServer, text: string, io: Io): Promise<void> {
  try {
    print(io, text);
    await new Promise<void>((resolve) => {
      if (io.signal.aborted) resolve();
      else io.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    await server.close();
  }
}
