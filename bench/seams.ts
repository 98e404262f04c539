import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fullRegion, KernelDecoder, memorySource, openAsset } from "../codec/internal.js";
import { encode } from "../encoder/index.js";
import { benchClip, machine, rounded } from "./machine.js";

// Measures whether tile boundaries are visible: the horizontal luma gradient at each distance from a boundary, relative to
// the mean gradient, in frames enlarged four times.

const ZOOM = 4;
const size = { width: 640, height: 360 };
const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const clip = await benchClip(folder);
  const output = join(folder, "video.siedd");
  await encode({ input: clip.path, output, preset: "fast", size, to: 1 });
  const asset = await openAsset(memorySource(await readFile(output)));
  if (asset.profile !== "tile") throw new Error("this benchmark requires an asset of the tile profile");
  const decoder = await KernelDecoder.create(asset);
  const group = decoder.loadGroup(0, await asset.readGroup(0));
  const width = ZOOM * size.width;
  const height = ZOOM * size.height;
  const side = width / asset.network.columns;
  const rgba = new Uint8Array(4 * width * height);
  const sums = new Float64Array(side);
  for (let frame = 0; frame < group.frameCount; frame += 5) {
    decoder.decodeRgba(group, frame, { region: fullRegion(asset), width, height }, rgba);
    const luma = (at: number) => 0.299 * rgba[at] + 0.587 * rgba[at + 1] + 0.114 * rgba[at + 2];
    for (let y = 0; y < height; y++) {
      for (let x = side; x < width; x++) {
        const at = 4 * (y * width + x);
        sums[x % side] += Math.abs(luma(at) - luma(at - 4));
      }
    }
  }
  const mean = sums.reduce((a, b) => a + b) / side;
  const gradientByDistance = Array.from({ length: 2 * ZOOM + 1 }, (_, i) =>
    rounded(sums[(i - ZOOM + side) % side] / mean),
  );
  const result = {
    bench: "seams",
    machine: machine(),
    clip: clip.name,
    zoom: ZOOM,
    gradientByDistance,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
