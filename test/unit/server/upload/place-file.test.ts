import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { placeFile } from "../../../../server/upload/place-file.js";
import { removeFolder, tempFolder } from "../../../support/temp-folder.js";

/** A file system of its own on most Linux systems. */
const OTHER_DEVICE = "/dev/shm";

const deviceOf = (path: string) =>
  stat(path).then(
    ({ dev }) => dev,
    () => undefined,
  );

test("a file on another file system is copied to a hidden file, and never overwrites", async (t) => {
  const root = await tempFolder(t);
  const device = await deviceOf(OTHER_DEVICE);
  if (device === undefined || device === (await deviceOf(root))) return t.skip("there is one file system");
  const folder = await mkdtemp(join(OTHER_DEVICE, "siedd-test-"));
  t.after(() => removeFolder(folder));
  const place = async (content: string) => {
    const path = join(folder, "upload");
    await writeFile(path, content);
    return placeFile(path, { root, folders: [], name: "clip.mp4", isFreeId: async () => true });
  };
  assert.equal(await place("first"), "clip");
  assert.equal(await place("second"), "clip (2)");
  assert.deepEqual((await readdir(root)).sort(), ["clip (2).mp4", "clip.mp4"]);
  assert.equal(await readFile(join(root, "clip.mp4"), "utf8"), "first");
  assert.equal(await readFile(join(root, "clip (2).mp4"), "utf8"), "second");
  assert.deepEqual(await readdir(folder), []);
});
