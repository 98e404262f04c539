import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** Creates an empty folder that is removed when the test ends. */
export async function tempFolder(t: Pick<TestContext, "after">): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  t.after(() => removeFolder(folder));
  return folder;
}

/**
 * Removes a folder with its contents. Node.js runs hooks in the order of their registration, so a server that a test
 * started later may still write to the folder: the removal is then repeated.
 */
export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
