import assert from "node:assert/strict";
import { mkdtemp, open, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readCorpus } from "../../../bench/fuzzing/fuzz-assets.js";
import { fuzzFolder } from "../../../bench/fuzzing/fuzz-folder.js";
import { HostileAssets } from "../../../bench/fuzzing/hostile-assets.js";
import { Random } from "../../../encoder/training/sampling/random.js";
import { FolderLibrary } from "../../../server/library/folder-library.js";
import { SourceIndexes } from "../../../server/library/source-index.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { removeFolder } from "../../support/temp-folder.js";

test("hostile assets in a served folder delay no good request, and take little memory", async () => {
  const generator = await HostileAssets.create([...(await readCorpus("valid")).values()], new Random(3));
  const assets = await readCorpus("hostile");
  for (let i = 0; i < 25; i++) assets.set(`fuzzed-${i}.siedd`, generator.next());
  const result = await fuzzFolder({ assets, quietSeconds: 2, maxSeconds: 10 });
  assert.deepEqual(result.faults, []);
  assert.ok(result.goodResponses > 5, JSON.stringify(result));
  assert.ok((result.hostileOutcomes["bad-asset"] ?? 0) > 10, JSON.stringify(result));
  assert.ok(result.memoryMiB < 300, JSON.stringify(result));
  // How long /healthz takes meanwhile depends on the machine: `npm run bench fuzz-folder` measures it.
  assert.ok(result.healthP99Ms > 0, JSON.stringify(result));
});

test("a file that is mostly holes is refused without reading it", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  t.after(() => removeFolder(folder));
  const asset = syntheticAsset({ width: 64, height: 36, groups: [2] });
  const file = await open(join(folder, "holes.siedd"), "w");
  await file.write(asset);
  await file.truncate(2 ** 31);
  await file.close();
  const { blocks } = await stat(join(folder, "holes.siedd"));
  if (blocks * 512 > 2 ** 28) return t.skip("this file system has no holes");
  const entry = await new FolderLibrary(folder, { polling: false, indexes: new SourceIndexes(folder) }).find(
    "holes",
  );
  await assert.rejects(
    async () => entry?.open(),
    (error: Error & { code?: string }) =>
      error.code === "asset-incomplete" || /only \d+ of its 2147483648 bytes are on disk/.test(error.message),
  );
});
