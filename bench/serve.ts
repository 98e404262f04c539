import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAsset } from "../codec/internal.js";
import { DecodePool, fileSource } from "../decode-pool/index.js";
import { videoSegments } from "../server/catalog/timeline.js";
import { machine } from "./machine.js";
import { cold } from "./serving/cold.js";
import { firstSegment } from "./serving/first-segment.js";
import { assetToServe, mezzanine, mezzanineOf } from "./serving/video.js";
import { warm } from "./serving/warm.js";

// What a viewer waits for, and what one machine serves: segments that are there already beside plain files, segments
// that nobody asked for before beside a transcoder, and the first one of a server that has just started.

const SIZES = [
  { width: 640, height: 360, size: "640,360" },
  { width: 1280, height: 720, size: "%5E1280,720" },
];

const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
const pool = new DecodePool();
try {
  const video = await assetToServe();
  const path = join(root, "video.siedd");
  await symlink(video, path);
  const asset = await openAsset(fileSource(path));
  const [segment] = videoSegments(asset).sort((a, b) => b.frameCount - a.frameCount);
  if (segment === undefined) throw new Error("the video has no segment");
  await pool.ready;
  const shown = await mezzanineOf(video);
  const coldSegments = [];
  for (const size of SIZES) {
    coldSegments.push(
      await cold({ root, path, asset, pool, mezzanine: await mezzanine(), shown, segment, ...size }),
    );
  }
  const first = [];
  for (const size of SIZES) first.push(await firstSegment(root, size));
  const results = {
    warm: await warm(video, `video/full/640,360/seg-${segment.index}.m4s`),
    cold: coldSegments,
    first,
  };
  process.stdout.write(`${JSON.stringify({ bench: "serve", machine: machine(), ...results })}\n`);
} finally {
  await pool.close();
  await rm(root, { recursive: true, force: true });
}
