import assert from "node:assert/strict";
import { test } from "node:test";
import { errorForStatus, videoNotFound } from "../../../player/errors.js";
import { getStrings, loadStrings } from "../../../player/i18n/strings.js";

test("an error has an English message and can be localized", async () => {
  await loadStrings("de");
  const error = videoNotFound("http://host/video");
  assert.equal(error.message, "No video found at http://host/video. Check the address.");
  assert.equal(
    error.localizedMessage(getStrings("de")),
    "Unter http://host/video wurde kein Video gefunden. Bitte die Adresse prüfen.",
  );
});

test("errors have the codes of MediaError", () => {
  assert.equal(videoNotFound("http://host/video").code, 4);
  assert.equal(errorForStatus(0, "http://host/video").code, 2);
  assert.equal(errorForStatus(503, "http://host/video").code, 2);
  assert.equal(errorForStatus(500, "http://host/video").code, 4);
});
