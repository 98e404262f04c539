import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterNames, nameVideos, type Relation } from "../../../../server/library/name-videos.js";

/** Names the files of a folder: "id: source asset -> output", and the files without an id. */
async function named(
  files: readonly string[],
  related: Readonly<Record<string, Relation>> = {},
): Promise<string[]> {
  const assets = files.filter((name) => name.endsWith(".siedd"));
  const sources = files.filter((name) => !assets.includes(name));
  const lines: string[] = [];
  for (const cluster of new Set(clusterNames(sources, assets).values())) {
    const { videos, duplicates } = await nameVideos(
      cluster,
      async (asset, source) => related[`${asset} ${source}`] ?? "unrelated",
    );
    for (const [id, { source = "-", asset = "-", isStale, output = "-" }] of videos)
      lines.push(`${id}: ${source} ${asset}${isStale === true ? " (stale)" : ""} -> ${output}`);
    for (const name of duplicates) lines.push(`duplicate: ${name}`);
  }
  return lines.sort();
}

test("an id is the name without its extension, which sources keep where they differ in nothing else", async () => {
  assert.deepEqual(await named(["a.mp4", "A.mp4", "b.siedd", "c.mkv", "c.mp4"]), [
    "A: A.mp4 - -> A.siedd",
    "a: a.mp4 - -> a.siedd",
    "b: - b.siedd -> -",
    "c.mkv: c.mkv - -> c.mkv.siedd",
    "c.mp4: c.mp4 - -> c.mp4.siedd",
  ]);
});

test("an asset takes the id of the source that it was encoded from, and keeps it beside a new source", async () => {
  const current = { "a.siedd a.mp4": "current", "c.mkv.siedd c.mkv": "current" } as const;
  assert.deepEqual(await named(["a.mp4", "a.mkv", "a.siedd", "c.mkv", "c.mkv.siedd"], current), [
    "a.mkv: a.mkv - -> a.mkv.siedd",
    "a: a.mp4 a.siedd -> a.siedd",
    "c: c.mkv c.mkv.siedd -> c.mkv.siedd",
  ]);
  assert.deepEqual(await named(["a.mp4", "a.siedd"], { "a.siedd a.mp4": "stale" }), [
    "a: a.mp4 a.siedd (stale) -> a.siedd",
  ]);
});

test("a source beside another video's asset keeps its extension, also once it is encoded", async () => {
  assert.deepEqual(await named(["a.mp4", "a.siedd"]), ["a.mp4: a.mp4 - -> a.mp4.siedd", "a: - a.siedd -> -"]);
  for (const [relation, mark] of [
    ["current", ""],
    ["stale", " (stale)"],
  ] as const) {
    assert.deepEqual(await named(["a.mp4", "a.siedd", "a.mp4.siedd"], { "a.mp4.siedd a.mp4": relation }), [
      `a.mp4: a.mp4 a.mp4.siedd${mark} -> a.mp4.siedd`,
      "a: - a.siedd -> -",
    ]);
  }
});

test("no source is encoded over another video, and a file without an id is named", async () => {
  assert.deepEqual(await named(["a.mp4", "a.siedd", "a.mp4.siedd"]), [
    "a.mp4: - a.mp4.siedd -> -",
    "a: - a.siedd -> -",
    "duplicate: a.mp4",
  ]);
  // Whichever of them has an asset, the other one is encoded to another file.
  const related = { "a.mp4.siedd a.mp4": "current" } as const;
  assert.deepEqual(await named(["a.mp4", "a.mp4.mkv", "a.mp4.siedd"], related), [
    "a.mp4: a.mp4.mkv - -> a.mp4.mkv.siedd",
    "a: a.mp4 a.mp4.siedd -> a.mp4.siedd",
  ]);
  assert.deepEqual(await named(["\u00e9.mp4", "e\u0301.mp4", "\u00fc.siedd", "u\u0308.siedd"]), [
    "duplicate: e\u0301.mp4",
    "duplicate: u\u0308.siedd",
    "\u00e9.mp4: \u00e9.mp4 - -> \u00e9.mp4.siedd",
    "\u00fc: - \u00fc.siedd -> -",
  ]);
});
