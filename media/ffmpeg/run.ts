import type { ChildProcess } from "node:child_process";
import { PassThrough, type Readable, type Writable } from "node:stream";
import ffmpeg, { type FfmpegCommand } from "fluent-ffmpeg";
import { MediaError } from "../errors.js";
import { inputLimits, refusedDemuxer } from "./input-limits.js";
import { killOnExit } from "./kill-on-exit.js";
import { ffmpegLauncher } from "./launcher.js";
import { lacksMemory, memoryLimit } from "./memory-limit.js";

export { fileUrl } from "./input-limits.js";
export { killOnExit } from "./kill-on-exit.js";

/** Returns the error for a machine without ffmpeg. */
export const ffmpegMissing = (program: string, cause?: unknown): MediaError =>
  new MediaError(
    "ffmpeg-missing",
    `${program} is not installed; install it (on Debian and Ubuntu: apt-get install ffmpeg) and try again`,
    { cause },
  );

/** The output lines that fluent-ffmpeg collects. */
interface Lines {
  get(): string;
}
type SpawnCallback = (error: unknown, stdout?: Lines, stderr?: Lines) => void;
/** Methods of fluent-ffmpeg's command that its types omit. */
interface FfmpegInternals {
  _spawnFfmpeg(args: readonly string[], ...rest: unknown[]): void;
  _getFfmpegPath(done: (error: unknown, path?: string) => void): void;
}
const noLines: Lines = { get: () => "" };

/** The memory in bytes that commands may take. Others have no limit. */
const memoryOf = new WeakMap<FfmpegCommand, number>();

/**
 * Returns a command without inputs and outputs. Inputs that are files, as URLs of `fileUrl`, are read with `inputLimits`.
 *
 * @param memoryBytes the memory that ffmpeg may take; default: no limit
 */
export function ffmpegCommand(memoryBytes?: number): FfmpegCommand {
  const command = ffmpeg({ stdoutLines: 200 });
  if (memoryBytes !== undefined) memoryOf.set(command, memoryBytes);
  const limit = memoryBytes === undefined ? [] : memoryLimit(memoryBytes);
  const internals = command as unknown as FfmpegInternals;
  const spawn = internals._spawnFfmpeg;
  const findFfmpeg = internals._getFfmpegPath;
  const addInput = command.input;
  Object.assign(internals, {
    input(source: string | Readable) {
      addInput.call(command, source);
      return typeof source === "string" ? command.inputOptions([...inputLimits(source)]) : command;
    },
    // fluent-ffmpeg's list of formats lacks devices such as lavfi since ffmpeg 7; ffmpeg's own error is exact.
    _checkCapabilities: (done: () => void) => done(),
    // If ffmpeg cannot be started, fluent-ffmpeg passes no output lines and then fails to read them.
    _spawnFfmpeg(args: readonly string[], ...rest: unknown[]) {
      const end = rest.pop() as SpawnCallback;
      const onEnd: SpawnCallback = (error, stdout = noLines, stderr = noLines) => end(error, stdout, stderr);
      findFfmpeg.call(command, (error, path) => {
        const [program, ...launching] = error || !path ? [path] : [...ffmpegLauncher(), ...limit, path];
        internals._getFfmpegPath = (done) => done(error, program);
        spawn.call(command, [...launching, ...args], ...rest, onEnd);
      });
    },
  });
  return command;
}

/** Options of the first input of every command: overwrite the output, never read the terminal, log only errors. */
export const BASE_OPTIONS = ["-y", "-nostdin", "-hide_banner", "-loglevel", "error"];

/**
 * Returns a stream for stdout. It never emits "close": fluent-ffmpeg takes that event for a consumer that stopped, and
 * fails the run if ffmpeg then takes more than 20 ms to exit.
 */
export const stdoutPipe = (highWaterMark = 65536): PassThrough =>
  new PassThrough({ autoDestroy: false, emitClose: false, highWaterMark });

/** Options of `runFfmpeg`. */
export interface RunOptions {
  /** Start of the error message if ffmpeg fails, such as "cannot read video.mp4". */
  readonly failure: string;
  /** Receives stdout (a `stdoutPipe`). The command must not have another output on stdout. */
  readonly stdout?: Writable;
  /** The stream that is the command's input. It is destroyed when ffmpeg exits. */
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
}

const diskFull = /No space left on device|Disk quota exceeded/;

/**
 * Runs a command and resolves to its stderr. When the promise settles, ffmpeg has exited.
 * @throws MediaError `ffmpeg-missing`, `disk-full`, `ffmpeg-killed` or `ffmpeg-failed`; the signal's reason if aborted;
 *   the error of `stdin` if the input failed.
 */
export function runFfmpeg(command: FfmpegCommand, options: RunOptions): Promise<string> {
  const { signal, stdout, stdin } = options;
  const memoryBytes = memoryOf.get(command);
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
        else if (error && memoryBytes !== undefined && lacksMemory(stderr))
          reject(outOfMemory(memoryBytes, options.failure, error));
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

const outOfMemory = (bytes: number, failure: string, cause: unknown): MediaError =>
  new MediaError(
    "unsupported-video",
    `${failure}: its decoder needs more than ${Math.round(bytes / 2 ** 20)} MiB, the most for frames of this size; encode it again with fewer reference frames`,
    { cause },
  );

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
      `${failure}: ffmpeg was killed, often by the system because memory ran out; free some memory and try again`,
      { cause: error },
    );
  }
  const refused = refusedDemuxer(stderr);
  if (refused !== undefined) {
    return new MediaError("not-a-video", `${failure}: ffmpeg's format ${refused} is not accepted`, {
      cause: error,
    });
  }
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  // ffmpeg's first line is nearly always the cause; later lines are consequences.
  const reported = (lines[0] ?? message).replace(/^\[[^\]]*\] */, "").replace(/^file:/, "");
  return new MediaError("ffmpeg-failed", `${failure}: ffmpeg reported "${reported}"`, { cause: error });
}
