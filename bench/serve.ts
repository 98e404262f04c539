import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAsset } from "../codec/internal.js";
import { DecodePool, fileSource } from "../decode-pool/index.js";
import { videoSegments } from "../server/catalog/timeline.js";
import { machine } from "./machine.js";
import { measureBackgroundTraining } from "./serving/background-training.js";
import { measureColdSegment } from "./serving/cold.js";
import { measureFirstSegment } from "./serving/first-segment.js";
import { measureSourceFolders } from "./serving/source-folder.js";
import { measureSourceSegments } from "./serving/source-segments.js";
import { assetToServe, decodedMezzanine, mezzanine } from "./serving/video.js";
import { measureWarmSegment } from "./serving/warm.js";

// Measures the server: cached segments compared with static files, uncached segments compared with a transcoder, and the
// first segment after a start. Then sources: their segments compared with ffmpeg by hand, large folders, and training in the
// background.

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
  const [segment] = [...videoSegments(asset)].sort((a, b) => b.frameCount - a.frameCount);
  if (segment === undefined) throw new Error("the video has no segments");
  await pool.ready;
  const decodedVideo = await decodedMezzanine(video);
  const coldSegments = [];
  for (const size of SIZES) {
    coldSegments.push(
      await measureColdSegment({
        root,
        path,
        asset,
        pool,
        mezzanine: await mezzanine(),
        decodedVideo,
        segment,
        ...size,
      }),
    );
  }
  const firstSegments = [];
  for (const size of SIZES) firstSegments.push(await measureFirstSegment(root, size));
  const results = {
    warm: await measureWarmSegment(video, `video/full/640,360/seg-${segment.index}.m4s`),
    cold: coldSegments,
    firstSegments,
    sources: {
      segments: await measureSourceSegments(),
      folders: await measureSourceFolders(),
      encoding: await measureBackgroundTraining(),
    },
  };
  process.stdout.write(`${JSON.stringify({ bench: "serve", machine: machine(), ...results })}\n`);
} finally {
  await pool.close();
  await rm(root, { recursive: true, force: true });
}
