import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCap, parseMode, parseSource } from "../../../../player/element/attributes.js";
import { PlayerError, videoNotFound } from "../../../../player/errors.js";
import { addTranslation, formatTime, getStrings, loadStrings } from "../../../../player/i18n/strings.js";
import { formatBytes } from "../../../../player/pages/library/facts.js";
import { parseVideoInfo } from "../../../../player/source/video-info.js";
import { commandForKey } from "../../../../player/ui/keyboard.js";

const warnings = (t: import("node:test").TestContext): string[] => {
  const said: string[] = [];
  t.mock.method(console, "warn", (text: string) => said.push(text));
  return said;
};

test("importing the player needs no browser and registers nothing", async () => {
  const { SieddPlayerElement } = await import("../../../../player/index.js");
  assert.equal(typeof SieddPlayerElement, "function");
  assert.equal("customElements" in globalThis, false);
});

test("a bad attribute warns once, naming the rule, and falls back", (t) => {
  const said = warnings(t);
  assert.equal(parseMode("direct-ish"), "server");
  assert.equal(parseCap("max-width", "12.5"), Number.POSITIVE_INFINITY);
  assert.equal(parseCap("max-height", "wide"), Number.POSITIVE_INFINITY);
  assert.equal(parseSource("http://", "http://host/"), null);
  assert.equal(said.length, 4);
  assert.match(said[0]!, /mode="direct-ish".*auto, server, direct.*using "server"/);
  assert.match(said[1]!, /max-width="12.5".*whole number/);
});

test("good attributes are taken without a word", (t) => {
  const said = warnings(t);
  assert.equal(parseMode("server"), "server");
  assert.equal(parseMode("direct"), "direct");
  assert.equal(parseMode(null), "server");
  assert.equal(parseCap("max-width", "640"), 640);
  assert.equal(parseSource("../movie/?x#y", "http://host/videos/page/"), "http://host/videos/movie");
  assert.equal(parseSource("", "http://host/"), null);
  assert.deepEqual(said, []);
});

test("an info.json that is none is one clear sentence", () => {
  const bad = (error: unknown) => error instanceof PlayerError && error.reason === "bad-answer";
  for (const json of [
    null,
    {},
    { width: "640", height: 360, duration: 1 },
    { width: 0, height: 1, duration: 1 },
  ]) {
    assert.throws(() => parseVideoInfo(json), bad);
  }
  const { limits } = parseVideoInfo({ width: 2, height: 2, duration: 1, limits: { maxSide: 4096 } });
  assert.deepEqual([limits.minSide, limits.maxSide], [16, 4096]);
});

test("keys are those of well-known players, and a modifier leaves them to the browser", () => {
  const key = (name: string, ctrlKey = false) =>
    commandForKey({ key: name, ctrlKey, altKey: false, metaKey: false });
  assert.deepEqual(key(" "), { type: "toggle" });
  assert.deepEqual(key("K"), { type: "toggle" });
  assert.deepEqual(key("ArrowRight"), { type: "seek-by", seconds: 5 });
  assert.deepEqual(key("5"), { type: "seek-to", share: 0.5 });
  assert.equal(key("f", true), null);
  assert.equal(key("toString"), null);
});

test("times and bytes read as people write them", () => {
  assert.deepEqual([0, 9.99, 61, 3661].map(formatTime), ["0:00", "0:09", "1:01", "1:01:01"]);
  assert.equal(formatTime(Number.NaN), "-:--");
  assert.deepEqual([0, 734_003, 999_600, 12_345_678].map(formatBytes), ["0 B", "734 kB", "1 MB", "12.3 MB"]);
});

test("every language says what English says, with the same values in it", async () => {
  const valuesOf = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort().join();
  const english = Object.entries(getStrings("en"));
  for (const language of ["de", "fr-CA", "es", "ar"]) {
    assert.deepEqual(getStrings(language), getStrings("en"), "English until the words have come");
    await loadStrings(language);
    assert.equal(loadStrings(language), null, "they come once");
    const words: Record<string, string> = getStrings(language);
    for (const [name, text] of english) {
      assert.ok(words[name], `${language} has no ${name}`);
      assert.equal(valuesOf(words[name]!), valuesOf(text), `${language}: ${name}`);
    }
  }
});

test("words that a page adds go over those of a language, whenever these come", async () => {
  addTranslation("de-AT", { pause: "Halt" });
  addTranslation("de", { stats: "Zahlen" });
  await loadStrings("de-AT");
  const { pause, stats, play } = getStrings("de-AT");
  assert.deepEqual({ pause, stats, play }, { pause: "Halt", stats: "Zahlen", play: "Abspielen" });
  assert.equal(getStrings("de").pause, "Pause");
});

test("an error has an English message for programs and the same sentence for viewers", async () => {
  await loadStrings("de");
  const error = videoNotFound("http://host/video");
  assert.equal(error.message, "There is no video at http://host/video; check the address.");
  assert.equal(
    error.localizedMessage(getStrings("de")),
    "Unter http://host/video gibt es keinen Video; bitte die Adresse prüfen.",
  );
  assert.equal(error.code, 4);
});
