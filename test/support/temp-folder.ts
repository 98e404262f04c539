import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** Creates an empty folder that is removed when the test ends. */
export async function tempFolder(t: Pick<TestContext, "after">): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
