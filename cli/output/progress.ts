import { Presets, SingleBar } from "cli-progress";
import { duration } from "../input/values.js";
import type { Io } from "../io.js";

export interface Progress {
  /** `done` from 0 to 1 of the whole job; `remainingSeconds` is the worker's own estimate, where it has one. */
  update(phase: string, done: number, remainingSeconds: number | undefined, detail?: string): void;
  /** Something worth a line of its own. */
  note(text: string): void;
  /** Ends the display; the bar's line is freed. */
  stop(): void;
}

/** Seconds between two lines where no bar can be drawn. */
const LINE_EVERY = 5;

/** A bar on a terminal, an occasional line elsewhere. */
export function showProgress(io: Io): Progress {
  return io.stderr.isTTY ? bar(io) : lines(io);
}

/** No display: `--json` writes events instead. */
export const noProgress: Progress = { update: () => {}, note: () => {}, stop: () => {} };

/** One JSON object on a line of stderr. */
export const jsonLine = (io: Io, event: object): void => {
  io.stderr.write(`${JSON.stringify(event)}\n`);
};

function bar(io: Io): Progress {
  const single = new SingleBar(
    {
      stream: io.stderr as unknown as NodeJS.WritableStream,
      format: "{phase} {bar} {percentage} % · {left}{detail}",
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
  let drawn = false;
  return {
    update(phase, done, remainingSeconds, detail) {
      const payload = {
        phase: phase.padEnd(12),
        left: left(remainingSeconds),
        detail: detail ? ` · ${detail}` : "",
      };
      if (!drawn) single.start(1000, 0, payload);
      drawn = true;
      single.update(Math.round(Math.min(1, done) * 1000), payload);
    },
    note(text) {
      if (drawn) single.stop();
      drawn = false;
      io.stderr.write(`${text}\n`);
    },
    stop() {
      if (drawn) single.stop();
      drawn = false;
    },
  };
}

function lines(io: Io): Progress {
  // The first second says little about the time left.
  let next = performance.now() / 1000 + 1;
  let lastPhase = "";
  return {
    update(phase, done, remainingSeconds, detail) {
      const now = performance.now() / 1000;
      if (now < next && (phase === lastPhase || lastPhase === "")) return;
      next = now + LINE_EVERY;
      lastPhase = phase;
      const percent = Math.round(Math.min(1, done) * 100);
      io.stderr.write(`${phase}: ${percent} %, ${left(remainingSeconds)}${detail ? `, ${detail}` : ""}\n`);
    },
    note: (text) => {
      io.stderr.write(`${text}\n`);
    },
    stop: () => {},
  };
}

const left = (seconds: number | undefined): string =>
  seconds !== undefined ? `about ${duration(seconds)} left` : "time left not known yet";
