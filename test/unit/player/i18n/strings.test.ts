import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addTranslation,
  formatTime,
  getStrings,
  hasTranslation,
  loadStrings,
} from "../../../../player/i18n/strings.js";

test("formatTime writes m:ss, h:mm:ss and unknown durations", () => {
  assert.deepEqual([0, 9.99, 61, 3661].map(formatTime), ["0:00", "0:09", "1:01", "1:01:01"]);
  assert.equal(formatTime(Number.NaN), "-:--");
});

test("every language has every string, with the same placeholders as English", async () => {
  const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort().join();
  const english = Object.entries(getStrings("en"));
  for (const language of ["de", "fr-CA", "es", "ar"]) {
    assert.equal(hasTranslation(language), true);
    assert.deepEqual(getStrings(language), getStrings("en"), "English until the translation has loaded");
    await loadStrings(language);
    assert.equal(loadStrings(language), null, "loads once");
    const strings: Record<string, string> = getStrings(language);
    for (const [key, text] of english) {
      assert.ok(strings[key], `${language} has no ${key}`);
      assert.equal(placeholders(strings[key]!), placeholders(text), `${language}: ${key}`);
    }
  }
  assert.equal(hasTranslation("sv"), false);
});

test("added translations take precedence over built-in ones, in any order of loading", async () => {
  addTranslation("de-AT", { pause: "Halt" });
  addTranslation("de", { statistics: "Zahlen" });
  await loadStrings("de-AT");
  const { pause, statistics, play } = getStrings("de-AT");
  assert.deepEqual({ pause, statistics, play }, { pause: "Halt", statistics: "Zahlen", play: "Wiedergabe" });
  assert.equal(getStrings("de").pause, "Pause");
});
