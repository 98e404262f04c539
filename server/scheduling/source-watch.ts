import { lstat, stat } from "node:fs/promises";

/** Milliseconds between two looks at a source in training. */
const INTERVAL_MS = 2000;

/** Returns what changes with the content of a file; undefined if it is missing. */
const contentState = (path: string): Promise<string | undefined> =>
  stat(path).then(
    ({ size, mtimeMs, ino }) => `${size} ${mtimeMs} ${ino}`,
    () => undefined,
  );

/**
 * Calls `onChange` once when a file is removed or its content changes. Looks at the file, because folders need not be
 * watched.
 * @returns a function that stops watching
 */
export function watchSource(path: string, onChange: () => void): () => void {
  const initial = contentState(path);
  const timer = setInterval(async () => {
    if ((await contentState(path)) === (await initial)) return;
    clearInterval(timer);
    onChange();
  }, INTERVAL_MS).unref();
  return () => clearInterval(timer);
}

/** Returns whether a file was removed. A symbolic link whose target is missing, such as an unmounted disk, was not. */
export const isRemoved = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === "ENOENT",
  );
