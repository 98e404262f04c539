import assert from "node:assert/strict";
import { test } from "node:test";
import { cssTransform, shownRect, sourcePointAt, viewRect } from "../../../../player/zoom/frame-transform.js";

const video = { width: 1280, height: 720 };

test("a frame of another region is drawn where the view shows that region", () => {
  const box = { width: 640, height: 360 };
  const full = { x: 0, y: 0, ...video };
  const quarter = { x: 640, y: 360, width: 640, height: 360 };
  assert.equal(cssTransform(box, shownRect(box, full, full)), "none");
  assert.equal(cssTransform(box, shownRect(box, quarter, quarter)), "none");
  assert.equal(cssTransform(box, shownRect(box, quarter, full)), "matrix(2, 0, 0, 2, -640, -360)");
  assert.equal(cssTransform(box, shownRect(box, full, quarter)), "matrix(0.5, 0, 0, 0.5, 320, 180)");
  assert.deepEqual(sourcePointAt(box, quarter, { x: 320, y: 180 }), { x: 960, y: 540 });
  const square = { width: 360, height: 360 };
  assert.deepEqual(viewRect(box, square), { left: 140, top: 0, width: 360, height: 360 });
});
