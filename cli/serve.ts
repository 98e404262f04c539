import { stat } from "node:fs/promises";
import { Command } from "commander";
import { type RunningServer, serve } from "../server/index.js";
import { CommandError } from "./failure.js";
import { type Io, print } from "./io.js";
import { whole } from "./values.js";

export const parsePort = whole(0, 65535);
const MiB = 1024 * 1024;
const parseMegabytes = whole(16, 1_000_000_000);

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly cacheDir?: string;
  readonly cacheMb?: number;
}

export function serveCommand(io: Io): Command {
  return new Command("serve")
    .description("the assets of a folder over HTTP, with a page to look at them")
    .argument("<folder>", "its *.siedd files are served")
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at, 0 for any that is free", parsePort, 8080)
    .option("--cache-dir <folder>", "keep what was computed in this folder across restarts")
    .option("--cache-mb <n>", "mebibytes of files in it, at least 16 (default: 4096)", parseMegabytes)
    .action(async (folder: string, { host, port, cacheDir, cacheMb }: ServeFlags) => {
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
