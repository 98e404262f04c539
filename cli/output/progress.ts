import { Presets, SingleBar } from "cli-progress";
import type { Io } from "../io.js";
import { formatDuration } from "./format.js";

/** A progress display. */
export interface Progress {
  /**
   * Shows the progress of a job.
   *
   * @param done fraction of the entire job, 0 to 1
   * @param remainingSeconds estimate of the remaining time; undefined if unknown
   */
  update(phase: string, done: number, remainingSeconds: number | undefined, detail?: string): void;
  /** Prints a message on its own line. */
  note(text: string): void;
  /** Removes the display. */
  stop(): void;
}

/** Seconds between two lines if the output is not a terminal. */
const LINE_INTERVAL = 5;
/** Width of the phase column in characters. The longest phase is "training groups (2/2)". */
const PHASE_WIDTH = 22;

/** Returns a progress bar on a terminal, else a display that prints a line every few seconds. */
export function showProgress(io: Io): Progress {
  return io.stderr.isTTY ? progressBar(io) : progressLines(io);
}

/** Displays nothing: `--json` writes events instead. */
export const noProgress: Progress = { update: () => {}, note: () => {}, stop: () => {} };

/** Writes one JSON object as a line on stderr. */
export const jsonLine = (io: Io, event: object): void => {
  io.stderr.write(`${JSON.stringify(event)}\n`);
};

function progressBar(io: Io): Progress {
  const bar = new SingleBar(
    {
      stream: io.stderr as unknown as NodeJS.WritableStream,
      format: "{phase} {bar} {percentage}% · {remaining}{detail}",
      formatValue: (value, _options, type) =>
        type === "percentage" ? String(value).padStart(3) : String(value),
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      stopOnComplete: false,
      fps: 8,
    },
    Presets.shades_classic,
  );
  let started = false;
  const stop = () => {
    if (started) bar.stop();
    started = false;
  };
  return {
    update(phase, done, remainingSeconds, detail) {
      const payload = {
        phase: phase.padEnd(PHASE_WIDTH),
        remaining: formatRemaining(remainingSeconds),
        detail: detail ? ` · ${detail}` : "",
      };
      if (!started) bar.start(1000, 0, payload);
      started = true;
      bar.update(Math.round(Math.min(1, done) * 1000), payload);
    },
    note(text) {
      stop();
      io.stderr.write(`${text}\n`);
    },
    stop,
  };
}

function progressLines(io: Io): Progress {
  // An estimate within the first second is unreliable.
  let nextLineAt = performance.now() / 1000 + 1;
  let lastPhase = "";
  return {
    update(phase, done, remainingSeconds, detail) {
      const now = performance.now() / 1000;
      if (now < nextLineAt && (phase === lastPhase || lastPhase === "")) return;
      nextLineAt = now + LINE_INTERVAL;
      lastPhase = phase;
      const percent = Math.round(Math.min(1, done) * 100);
      const suffix = detail ? `, ${detail}` : "";
      io.stderr.write(`${phase}: ${percent}%, ${formatRemaining(remainingSeconds)}${suffix}\n`);
    },
    note: (text) => {
      io.stderr.write(`${text}\n`);
    },
    stop: () => {},
  };
}

const formatRemaining = (seconds: number | undefined): string =>
  seconds === undefined ? "estimating time left" : `about ${formatDuration(seconds)} left`;
