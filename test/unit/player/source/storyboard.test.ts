import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStoryboard } from "../../../../player/source/storyboard.js";

test("parseStoryboard reads times, relative image URLs and rectangles, and skips other cues", () => {
  const vtt = [
    "WEBVTT",
    "NOTE a comment",
    "1\n00:00.000 --> 00:02.500\nsheet-0.jpg?sig=x#xywh=0,0,160,90",
    "01:00:02.500 --> 01:00:05.000 line:0\nsheet-0.jpg#xywh=160,0,160,90",
    "00:05.000 --> 00:06.000\njust text",
    "00:99.000 --> 00:06.000\nsheet-1.jpg#xywh=0,0,160,90",
    "00:06.000 --> 00:07.000\nsheet-1.jpg#xywh=0,0,0,90",
  ].join("\r\n\r\n");
  assert.deepEqual(parseStoryboard(vtt, "http://host/video/storyboard.vtt"), [
    { start: 0, end: 2.5, sheet: "http://host/video/sheet-0.jpg?sig=x", x: 0, y: 0, width: 160, height: 90 },
    {
      start: 3602.5,
      end: 3605,
      sheet: "http://host/video/sheet-0.jpg",
      x: 160,
      y: 0,
      width: 160,
      height: 90,
    },
  ]);
});
