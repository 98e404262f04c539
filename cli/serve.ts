import { stat } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { type RunningServer, type SignKey, serve } from "../server/index.js";
import { CommandError } from "./failure.js";
import { type Io, print } from "./io.js";
import { whole } from "./values.js";

export const parsePort = whole(0, 65535);
const MiB = 1024 * 1024;
const parseCount = whole(1, 1_000_000);
const parseMegabytes = whole(16, 1_000_000_000);

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly cacheDir?: string;
  readonly cacheMb?: number;
  readonly clientMpixels?: number;
  readonly trustProxy?: boolean;
  readonly prefetch?: number;
  readonly closeSeconds?: number;
  readonly signKey?: readonly SignKey[];
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
    throw new CommandError(`${KEYS_VARIABLE} must hold keys as id:secret, with spaces between them`);
  }
}

export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("the assets of a folder over HTTP, with a page to look at them")
    .argument("<folder>", "its *.siedd files are served")
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at, 0 for any that is free", parsePort, 8080)
    .option("--cache-dir <folder>", "keep what was computed in this folder across restarts")
    .option("--cache-mb <n>", "mebibytes of files in it, at least 16 (default: 4096)", parseMegabytes)
    .option("--client-mpixels <n>", "million pixels a second that one client may have computed", parseCount)
    .option("--trust-proxy", "take a client's address from X-Forwarded-For")
    .option("--prefetch <n>", "segments computed ahead while idle, 0 to 8 (default: 1)", whole(0, 8))
    .option(
      "--close-seconds <n>",
      "seconds that work under way may take at the end (default: 5)",
      whole(0, 3600),
    )
    .option(
      "--sign-key <id:secret>",
      `serve signed URLs only; may be repeated, or stand in ${KEYS_VARIABLE}`,
      parseKey,
    )
    .action(async (folder: string, flags: ServeFlags) => {
      const { host, port, cacheDir, cacheMb } = flags;
      if (cacheMb !== undefined && cacheDir === undefined) {
        throw new CommandError("--cache-mb bounds the folder of --cache-dir; name one");
      }
      const found = await stat(folder).catch(() => undefined);
      if (!found?.isDirectory()) {
        throw new CommandError(`${folder} is not a folder; give the one that holds your .siedd files`);
      }
      const server = await serve({
        ...{ root: folder, host, port },
        ...(cacheDir !== undefined && { cacheDir }),
        ...(cacheMb !== undefined && { cacheDirBytes: cacheMb * MiB }),
        ...(flags.clientMpixels !== undefined && { clientPixelsPerSecond: flags.clientMpixels * 1_000_000 }),
        ...(flags.trustProxy && { trustProxy: true }),
        ...(flags.prefetch !== undefined && { prefetch: flags.prefetch }),
        ...(flags.closeSeconds !== undefined && { closeSeconds: flags.closeSeconds }),
        signKeys: signKeysOf(flags),
      });
      await announce(server, `serving ${folder} at ${server.url}`, io);
    });
}

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
