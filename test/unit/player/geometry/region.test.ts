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

const video = { width: 1280, height: 720 };

test("zoomAt keeps the point in place and stops at the edges and at the smallest region", () => {
  const point = { x: 320, y: 180 };
  const closer = zoomAt({ x: 0, y: 0, ...video }, 2, point, video);
  assert.deepEqual(closer, { x: 160, y: 90, width: 640, height: 360 });
  assert.deepEqual(zoomAt(closer, 0.25, point, video), { x: 0, y: 0, ...video });
  const closest = zoomAt(closer, 1e6, point, video);
  assert.ok(closest.width >= MIN_REGION_SIDE && closest.height >= MIN_REGION_SIDE, JSON.stringify(closest));
  assert.deepEqual(regionAround({ x: 0, y: 720 }, 4, video), { x: 0, y: 540, width: 320, height: 180 });
});

test("snapRegion maps nearby regions to the same region, and a snapped region to itself", () => {
  const nearby = Array.from({ length: 40 }, (_, i) => ({
    x: 400 + (i % 8),
    y: 200 + (i % 5),
    width: 430 + (i % 9),
    height: ((430 + (i % 9)) * 9) / 16,
  }));
  const snapped = new Set(nearby.map((region) => JSON.stringify(snapRegion(region, video))));
  assert.ok(snapped.size <= 4, `${snapped.size} regions for 40 inputs`);
  for (const text of snapped) {
    const region = JSON.parse(text);
    assert.ok(Object.values(region).every(Number.isInteger), text);
    assert.equal(text, JSON.stringify(snapRegion(region, video)), "snapping again must not move it");
  }
});

test("snapRegion stays within frames of any aspect ratio", () => {
  for (const frame of [video, { width: 97, height: 331 }, { width: 20, height: 16 }]) {
    for (let zoom = 1; zoom < 40; zoom *= 1.37) {
      for (const fraction of [0, 0.31, 0.77, 1]) {
        const center = { x: fraction * frame.width, y: (1 - fraction) * frame.height };
        const { x, y, width, height } = snapRegion(regionAround(center, zoom, frame), frame);
        assert.ok(x >= 0 && y >= 0 && x + width <= frame.width && y + height <= frame.height);
        assert.ok(width >= Math.min(MIN_REGION_SIDE, frame.width) && height >= MIN_REGION_SIDE);
      }
    }
  }
});

test("regionContaining contains the selection and has the aspect ratio of the frame", () => {
  const selection = { x: 700, y: 300, width: 200, height: 50 };
  const { x, y, width, height } = regionContaining(selection, video);
  assert.ok(x <= selection.x && y <= selection.y && x + width >= 900 && y + height >= 350);
  assert.ok(Math.abs(width / height - 16 / 9) < 0.01);
});

test("parseRegion parses the region syntax of URLs and distinguishes invalid text from the full frame", () => {
  const parse = (text: string) => {
    const parsed = parseRegion(text);
    return parsed && resolveRegion(parsed, video);
  };
  assert.deepEqual(parse("320,180,640,360"), { x: 320, y: 180, width: 640, height: 360 });
  assert.deepEqual(parse("pct:25,25,50,50"), { x: 320, y: 180, width: 640, height: 360 });
  assert.deepEqual(parse("1200,700,640,360"), { x: 1200, y: 700, width: 80, height: 20 });
  assert.deepEqual(parse("1279,719,1,1"), { x: 1264, y: 704, width: 16, height: 16 });
  assert.equal(parse("full"), null);
  assert.equal(parse("0,0,1280,720"), null);
  for (const invalid of ["1,2,3", "a,b,c,d", "0,0,0,5", "-1,0,5,5"])
    assert.equal(parseRegion(invalid), undefined, invalid);
});
