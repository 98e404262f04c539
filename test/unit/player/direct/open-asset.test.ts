import assert from "node:assert/strict";
import { test } from "node:test";
import { openDirectAsset } from "../../../../player/direct/open-asset.js";

test("openDirectAsset sends no request if the signal has already aborted", async (t) => {
  const fetchMock = t.mock.method(globalThis, "fetch", () => Promise.reject(new TypeError("no network")));
  const reason = new Error("removed");
  await assert.rejects(openDirectAsset("http://host/video.siedd", AbortSignal.abort(reason)), reason);
  assert.equal(fetchMock.mock.callCount(), 0);
});
