import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MIN_REGION_SIDE,
  parseRegion,
  regionAround,
  regionContaining,
  resolveRegion,
  snapRegion,
  zoomAt,
} from "../../../../player/geometry/region.js";
import { fillRegion } from "../../../../player/geometry/size.js";
import { cssTransform, shownRect, sourcePointAt, viewRect } from "../../../../player/zoom/frame-transform.js";

const video = { width: 1280, height: 720 };

test("zooming keeps the point under the hand where it is, and ends at the edges and the smallest region", () => {
  const point = { x: 320, y: 180 };
  const closer = zoomAt({ x: 0, y: 0, ...video }, 2, point, video);
  assert.deepEqual(closer, { x: 160, y: 90, width: 640, height: 360 });
  assert.deepEqual(zoomAt(closer, 0.25, point, video), { x: 0, y: 0, ...video });
  const closest = zoomAt(closer, 1e6, point, video);
  assert.ok(closest.width >= MIN_REGION_SIDE && closest.height >= MIN_REGION_SIDE, JSON.stringify(closest));
  assert.deepEqual(regionAround({ x: 0, y: 720 }, 4, video), { x: 0, y: 540, width: 320, height: 180 });
});

test("hands that rest almost alike ask for the same region, which a cache then has", () => {
  const spots = Array.from({ length: 40 }, (_, i) => ({
    x: 400 + (i % 8),
    y: 200 + (i % 5),
    width: 430 + (i % 9),
    height: ((430 + (i % 9)) * 9) / 16,
  }));
  const settled = new Set(spots.map((spot) => JSON.stringify(snapRegion(spot, video))));
  assert.ok(settled.size <= 4, `${settled.size} regions for 40 hands`);
  for (const text of settled) {
    const region = JSON.parse(text);
    assert.ok(Object.values(region).every(Number.isInteger), text);
    assert.equal(text, JSON.stringify(snapRegion(region, video)), "a settled region settles elsewhere");
  }
});

test("a region never leaves the picture, whatever its shape", () => {
  for (const frame of [video, { width: 97, height: 331 }, { width: 20, height: 16 }]) {
    for (let zoom = 1; zoom < 40; zoom *= 1.37) {
      for (const share of [0, 0.31, 0.77, 1]) {
        const center = { x: share * frame.width, y: (1 - share) * frame.height };
        const { x, y, width, height } = snapRegion(regionAround(center, zoom, frame), frame);
        assert.ok(x >= 0 && y >= 0 && x + width <= frame.width && y + height <= frame.height);
        assert.ok(width >= Math.min(MIN_REGION_SIDE, frame.width) && height >= MIN_REGION_SIDE);
      }
    }
  }
});

test("a drawn rectangle is inside the region that comes", () => {
  const drawn = { x: 700, y: 300, width: 200, height: 50 };
  const { x, y, width, height } = regionContaining(drawn, video);
  assert.ok(x <= drawn.x && y <= drawn.y && x + width >= 900 && y + height >= 350);
  assert.ok(Math.abs(width / height - 16 / 9) < 0.01);
});

test("regions are written as in the server's URLs; what is none is told apart from the whole picture", () => {
  const read = (text: string) => {
    const parsed = parseRegion(text);
    return parsed && resolveRegion(parsed, video);
  };
  assert.deepEqual(read("320,180,640,360"), { x: 320, y: 180, width: 640, height: 360 });
  assert.deepEqual(read("pct:25,25,50,50"), { x: 320, y: 180, width: 640, height: 360 });
  assert.deepEqual(read("1200,700,640,360"), { x: 1200, y: 700, width: 80, height: 20 });
  assert.deepEqual(read("1279,719,1,1"), { x: 1264, y: 704, width: 16, height: 16 });
  assert.equal(read("full"), null);
  assert.equal(read("0,0,1280,720"), null);
  for (const none of ["1,2,3", "a,b,c,d", "0,0,0,5", "-1,0,5,5"])
    assert.equal(parseRegion(none), undefined, none);
});

test("frames of another region lie where that region is in what is looked at", () => {
  const box = { width: 640, height: 360 };
  const whole = { x: 0, y: 0, ...video };
  const quarter = { x: 640, y: 360, width: 640, height: 360 };
  assert.equal(cssTransform(box, shownRect(box, whole, whole)), "none");
  assert.equal(cssTransform(box, shownRect(box, quarter, quarter)), "none");
  assert.equal(cssTransform(box, shownRect(box, quarter, whole)), "matrix(2, 0, 0, 2, -640, -360)");
  assert.equal(cssTransform(box, shownRect(box, whole, quarter)), "matrix(0.5, 0, 0, 0.5, 320, 180)");
  assert.deepEqual(sourcePointAt(box, quarter, { x: 320, y: 180 }), { x: 960, y: 540 });
  const square = { width: 360, height: 360 };
  assert.deepEqual(viewRect(box, square), { left: 140, top: 0, width: 360, height: 360 });
});

test("the region goes into the elastic segment's URL and into no other", () => {
  const url = "/videos/full/full/{size}/elastic-3.m4s?v=1";
  assert.equal(fillRegion(url, "1,2,30,40"), "/videos/full/1,2,30,40/{size}/elastic-3.m4s?v=1");
  assert.equal(fillRegion("/videos/full/elastic/init.mp4", "1,2,30,40"), "/videos/full/elastic/init.mp4");
});
