const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The reason with which the command's signal is aborted: the user or the system wants it to end. */
export class Interrupted extends Error {
  /** 128 + the signal's number, as shells count. */
  readonly exitCode: number;

  constructor(signal: keyof typeof NUMBERS) {
    super("interrupted");
    this.exitCode = 128 + NUMBERS[signal];
  }
}
