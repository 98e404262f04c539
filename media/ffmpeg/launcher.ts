let launcher: readonly string[] = [];

/** Sets the command that runs each ffmpeg of this process, as its arguments; empty to run ffmpeg itself. */
export function setLauncher(command: readonly string[]): void {
  launcher = command;
}

/** Returns the command that runs ffmpeg, or an empty list. */
export const ffmpegLauncher = (): readonly string[] => launcher;
