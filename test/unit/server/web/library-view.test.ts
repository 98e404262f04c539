import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedVideo } from "../../../../server/catalog/catalog.js";
import { describeStatus } from "../../../../server/web/encode-status.js";
import { parseLibraryQuery, viewLibrary } from "../../../../server/web/library-view.js";

const video = (id: string, bytes = 1): ListedVideo => ({
  id,
  file: `${id}.mp4`,
  backend: "source",
  revision: "",
  bytes,
  changedAt: bytes,
  opened: undefined,
});
const view = (entries: readonly ListedVideo[], query: Record<string, string>) =>
  viewLibrary({ entries, problems: [] }, parseLibraryQuery(query));
const idsOf = (...args: Parameters<typeof view>) => view(...args).videos.map(({ id }) => id);

const VIDEOS = [
  video("b/10"),
  video("b/9"),
  video("b/x/Ünïcode"),
  video("z", 5),
  video("A", 9),
  video("bb/1"),
];

test("a folder shows its own videos in natural order, and its subfolders with all their videos", () => {
  const root = view(VIDEOS, {});
  assert.deepEqual(root.folders, [
    { path: "b", name: "b", count: 3 },
    { path: "bb", name: "bb", count: 1 },
  ]);
  assert.deepEqual(idsOf(VIDEOS, {}), ["A", "z"]);
  assert.deepEqual(idsOf(VIDEOS, { folder: "/b/" }), ["b/9", "b/10"]);
  assert.deepEqual(view(VIDEOS, { folder: "b" }).folders, [{ path: "b/x", name: "x", count: 1 }]);
  assert.deepEqual(idsOf(VIDEOS, { folder: "none" }), []);
  assert.deepEqual(idsOf(VIDEOS, { sort: "largest" }), ["A", "z"]);
  assert.deepEqual(idsOf(VIDEOS, { sort: "constructor" }), ["A", "z"]);
});

test("a search ignores case, accents and the order of words, and includes subfolders", () => {
  assert.deepEqual(idsOf(VIDEOS, { q: "UNICODE  b/" }), ["b/x/Ünïcode"]);
  assert.deepEqual(idsOf(VIDEOS, { q: "1", folder: "bb" }), ["bb/1"]);
  assert.deepEqual(idsOf(VIDEOS, { q: "(" }), []);
});

test("pages have 60 videos, and a page beyond the last one is the last one", () => {
  const many = Array.from({ length: 130 }, (_, i) => video(`v${i}`));
  assert.deepEqual(idsOf(many, { page: "2" }).slice(0, 2), ["v60", "v61"]);
  const last = view(many, { page: "999" });
  assert.deepEqual([last.page, last.pages, last.total, last.videos.length], [3, 3, 130, 10]);
  for (const page of ["0", "-1", "x", "1e9"]) assert.equal(view(many, { page }).page, 1, page);
});

test("each state of an encode is one line", () => {
  const training = { state: "training", phase: "phase2", done: 0.999, yielding: false } as const;
  const describe = (encoding: Parameters<typeof describeStatus>[0]["encoding"]) =>
    describeStatus({ backend: "source", encoding });
  assert.equal(describe(undefined), "Source");
  assert.equal(describe({ ...training, remainingSeconds: 130 }), "Training 99%, 2 min left");
  assert.equal(describe({ ...training, remainingSeconds: undefined }), "Training 99%");
  assert.equal(
    describe({ ...training, remainingSeconds: 9, yielding: true }),
    "Training 99%, waiting for viewers",
  );
  assert.equal(describe({ state: "failed", message: "no video stream" }), "Encode failed: no video stream");
  assert.equal(describeStatus({ backend: "asset", encoding: undefined }), "Asset");
});
