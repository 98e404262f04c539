import type { ChildProcess } from "node:child_process";
import { PassThrough, type Readable, type Writable } from "node:stream";
import ffmpeg, { type FfmpegCommand } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";

/** The sentence for a machine without ffmpeg. */
export const ffmpegMissing = (program: string, cause?: unknown): MediaError =>
  new MediaError(
    "ffmpeg-missing",
    `${program} is not installed; install it (on Debian and Ubuntu: apt-get install ffmpeg) and try again`,
    { cause },
  );

/** Children alive now: they end with this process, however it ends short of SIGKILL. */
const children = new Set<ChildProcess>();
const killChildren = () => {
  for (const child of children) child.kill("SIGKILL");
};

/** Ends `child` when this process exits. */
export function killOnExit(child: ChildProcess): void {
  if (children.size === 0) process.once("exit", killChildren);
  children.add(child);
  const forget = () => {
    children.delete(child);
    if (children.size === 0) process.removeListener("exit", killChildren);
  };
  child.once("close", forget);
  child.once("error", forget);
}

/** A path as ffmpeg takes it: never read as an option, a protocol or a pattern. */
export const fileUrl = (path: string): string => `file:${path}`;

interface Lines {
  get(): string;
}
type SpawnEnd = (error: unknown, stdout?: Lines, stderr?: Lines) => void;
/** What of fluent-ffmpeg's command is not in its types. */
interface Inside {
  _spawnFfmpeg(...args: unknown[]): void;
}
const silence: Lines = { get: () => "" };

/** A command without input or output yet. Never reads the terminal, speaks only of errors. */
export function ffmpegCommand(): FfmpegCommand {
  const command = ffmpeg({ stdoutLines: 200 });
  const inside = command as unknown as Inside;
  const spawn = inside._spawnFfmpeg;
  Object.assign(inside, {
    // fluent-ffmpeg's list of formats misses devices such as lavfi from ffmpeg 7 on; ffmpeg's own message is exact.
    _checkCapabilities: (done: () => void) => done(),
    // Where ffmpeg cannot be started it hands over no output, and would fail to read it.
    _spawnFfmpeg(...args: unknown[]) {
      const end = args.pop() as SpawnEnd;
      spawn.call(command, ...args, (error: unknown, stdout = silence, stderr = silence) =>
        end(error, stdout, stderr),
      );
    },
  });
  return command;
}

/** Options that every first input gets. */
export const quiet = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error"];

/**
 * A stream for stdout. It never says "close": fluent-ffmpeg takes that for a reader that went away, and fails
 * the run where ffmpeg needs more than 20 ms from there to its exit.
 */
export const stdoutPipe = (highWaterMark = 65536): PassThrough =>
  new PassThrough({ autoDestroy: false, emitClose: false, highWaterMark });

export interface RunOptions {
  /** The sentence's beginning when ffmpeg fails, such as "cannot read video.mp4". */
  readonly failure: string;
  /** Receives stdout (a `stdoutPipe`); the command must have no other output of that kind. */
  readonly stdout?: Writable;
  /** The stream given to the command as input; it is destroyed when ffmpeg ends. */
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
}

const diskFull = /No space left on device|Disk quota exceeded/;

/**
 * Runs a command to its end and returns what it said on stderr. When the promise settles, ffmpeg is gone.
 * @throws MediaError "ffmpeg-missing", "disk-full", "ffmpeg-killed" or "ffmpeg-failed"; the signal's reason when aborted;
 *   the error of `stdin` when the input failed.
 */
export function runFfmpeg(command: FfmpegCommand, options: RunOptions): Promise<string> {
  const { signal, stdout, stdin } = options;
  return new Promise<string>((resolve, reject) => {
    let child: ChildProcess | undefined;
    let inputError: unknown;
    const kill = () => child?.kill("SIGKILL");
    const finish = (error: unknown, stderr: string) => {
      const settle = () => {
        signal?.removeEventListener("abort", kill);
        stdin?.destroy();
        if (signal?.aborted) reject(signal.reason);
        else if (inputError !== undefined) reject(inputError);
        else if (error) reject(runError(error, stderr, options.failure));
        else if (diskFull.test(stderr) || stderr.includes("Error writing trailer"))
          reject(runError(new Error("ffmpeg reported a failed write"), stderr, options.failure));
        else resolve(stderr);
      };
      if (child && child.exitCode === null && child.signalCode === null) {
        child.once("close", settle);
        kill();
      } else settle();
    };
    stdin?.once("error", (error) => {
      inputError = error;
      kill();
    });
    signal?.addEventListener("abort", kill, { once: true });
    command
      .on("start", () => {
        child = (command as FfmpegCommand & { ffmpegProc: ChildProcess }).ffmpegProc;
        killOnExit(child);
        if (signal?.aborted || inputError !== undefined) kill();
      })
      .on("error", (error: Error, _stdout: string | null, stderr: string | null) =>
        finish(error, stderr ?? ""),
      )
      .on("end", (_stdout: string | null, stderr: string | null) => finish(undefined, stderr ?? ""));
    if (signal?.aborted) {
      finish(signal.reason, "");
      return;
    }
    if (stdout) command.output(stdout, { end: true });
    command.run();
  });
}

function runError(error: unknown, stderr: string, failure: string): MediaError {
  const message = error instanceof Error ? error.message : String(error);
  if (/Cannot find ffmpeg|ENOENT/.test(message)) return ffmpegMissing("ffmpeg", error);
  if (diskFull.test(stderr)) {
    return new MediaError("disk-full", `${failure}: the disk is full; free some space and try again`, {
      cause: error,
    });
  }
  if (/killed with signal/.test(message)) {
    return new MediaError(
      "ffmpeg-killed",
      `${failure}: something ended ffmpeg, often the system when memory is short`,
      { cause: error },
    );
  }
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  // ffmpeg's first complaint is nearly always the cause, the later ones its consequences.
  const said = (lines[0] ?? message).replace(/^\[[^\]]*\] */, "").replace(/^file:/, "");
  return new MediaError("ffmpeg-failed", `${failure}: ffmpeg says "${said}"`, { cause: error });
}
