import {
  constants,
  createReadStream,
  createWriteStream,
  openSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { mkdtemp, realpath, rm, stat, statfs } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isPerProcess } from "../../media/index.js";
import { CommandError } from "../errors.js";
import type { Io } from "../io.js";
import { formatBytes } from "../output/format.js";

/** A video that can be read several times. */
export interface VideoInput extends AsyncDisposable {
  readonly path: string;
  /** Whether it is a temporary copy of a pipe, which is removed when the input is disposed. */
  readonly temporary: boolean;
}

/** Maximum size of a temporary copy; at most half of the free space is used. */
const MAX_COPY_BYTES = 64 * 2 ** 30;

/**
 * Returns a video argument as a file. Copies standard input ("-"), pipes and sockets to a temporary file, which is also
 * removed when the process ends.
 *
 * @param quiet whether to print nothing while a pipe is copied
 * @throws CommandError if it is a terminal or a device, if the pipe is empty or too large; the signal's reason.
 */
export async function openVideoInput(argument: string, io: Io, quiet = false): Promise<VideoInput> {
  const path = argument === "-" ? "/dev/stdin" : argument;
  const name = isStdin(path) ? "standard input" : path;
  // If it does not exist, the prober reports it.
  const file = await stat(path).catch(() => undefined);
  if (file === undefined || file.isDirectory()) return toInput(argument);
  if (file.isFile()) {
    const resolved = await resolveOpenFile(path, file);
    if (resolved !== undefined) return toInput(resolved);
  } else if (!file.isFIFO() && !file.isSocket()) {
    const kind = isStdin(path) && process.stdin.isTTY ? "a terminal" : "a device";
    throw new CommandError(`${name} is ${kind}, not a video; choose a video file or a pipe`);
  }
  return copyToTemporaryFile({ path, name, io, quiet });
}

/** Returns whether a video argument is a pipe or a socket. */
export async function isPipe(argument: string): Promise<boolean> {
  const file = await stat(argument === "-" ? "/dev/stdin" : argument).catch(() => undefined);
  return file !== undefined && (file.isFIFO() || file.isSocket());
}

const toInput = (path: string): VideoInput => ({
  path,
  temporary: false,
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

const isStdin = (path: string): boolean => /^\/(dev\/stdin|dev\/fd\/0|proc\/self\/fd\/0)$/.test(path);

/** Returns the path by which other processes can open a file; undefined if there is none. */
async function resolveOpenFile(path: string, { dev, ino }: Stats): Promise<string | undefined> {
  if (!isPerProcess(path)) return path;
  const resolved = await realpath(path).catch(() => path);
  const found = await stat(resolved).catch(() => undefined);
  const isSame = !isPerProcess(resolved) && found?.dev === dev && found.ino === ino;
  return isSame ? resolved : undefined;
}

interface PipeSource {
  readonly path: string;
  /** Name in messages. */
  readonly name: string;
  readonly io: Io;
  readonly quiet: boolean;
}

async function copyToTemporaryFile(source: PipeSource): Promise<VideoInput> {
  const { name, io, quiet } = source;
  const folder = await mkdtemp(join(tmpdir(), "siedd-input-"));
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", removeAtExit);
  const dispose = async () => {
    await rm(folder, { recursive: true, force: true });
    process.removeListener("exit", removeAtExit);
  };
  const path = join(folder, isStdin(source.path) ? "standard-input" : basename(source.path));
  try {
    if (!quiet) io.stderr.write(`Copying ${name} to a temporary file ...\n`);
    await copyPipe(source, path);
  } catch (error) {
    await dispose();
    throw io.signal.aborted ? io.signal.reason : error;
  }
  return { path, temporary: true, [Symbol.asyncDispose]: dispose };
}

async function copyPipe(source: PipeSource, target: string): Promise<void> {
  const { name, io } = source;
  const { bavail, bsize } = await statfs(tmpdir());
  const limit = Math.min(MAX_COPY_BYTES, (bavail * bsize) / 2);
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      const isTooLarge = bytes > limit;
      done(isTooLarge ? tooLarge(name, limit) : null, chunk);
    },
  });
  await pipeline(openPipe(source), count, createWriteStream(target), { signal: io.signal });
  if (bytes === 0) throw new CommandError(`${name} is empty (0 bytes), not a video`);
}

const tooLarge = (name: string, limit: number): CommandError =>
  new CommandError(
    `${name} is larger than ${formatBytes(limit)}, the maximum for a copy in ${tmpdir()}; save it to a file and choose that file, or set TMPDIR to a larger disk`,
  );

/** Opens a pipe without blocking a thread until somebody writes to it, which would prevent the process from exiting. */
function openPipe({ path }: PipeSource): Readable {
  if (isStdin(path)) return process.stdin;
  if (statSync(path).isFile()) return createReadStream(path);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
