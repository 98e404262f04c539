import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chapter, chapterSpans, normalizeChapters } from "../../../../codec/internal.js";

const list = (chapters: readonly Chapter[]) => chapters.map(({ start, title }) => [start, title]);

test("chapters in any order become a list in rising order, within the video", () => {
  const chapters = [
    { start: 2.0004, title: "Third" },
    { start: -3, title: "Long before" },
    { start: -1, title: "Before" },
    { start: 0.5, title: "Replaced" },
    { start: 0.5, title: " Second\n\u0007part\u2028\u202e " },
    { start: 2.9999, title: "With the end" },
    { start: 7, title: "After the end" },
    { start: 2.5, title: "" },
  ];
  assert.deepEqual(list(normalizeChapters(chapters, 3)), [
    [0, "Before"],
    [0.5, "Second part"],
    [2, "Third"],
    [2.5, "Chapter 4"],
  ]);
  assert.deepEqual(normalizeChapters([], 3), []);
});

test("each chapter lasts until the next one", () => {
  const chapters = [
    { start: 0, title: "a" },
    { start: 1.25, title: "b" },
  ];
  assert.deepEqual(chapterSpans(chapters, 3), [
    { start: 0, end: 1.25, title: "a" },
    { start: 1.25, end: 3, title: "b" },
  ]);
  assert.deepEqual(chapterSpans(chapters, 1), [{ start: 0, end: 1, title: "a" }]);
});

test("a title is cut between characters", () => {
  const [{ title }] = normalizeChapters([{ start: 0, title: `x${"\u{1f30a}".repeat(100)}` }]) as [Chapter];
  assert.equal(title, `x${"\u{1f30a}".repeat(74)}`);
});
