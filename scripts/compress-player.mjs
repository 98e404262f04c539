// Writes .br and .gz files next to the player's scripts, styles and images. The server picks one by Accept-Encoding.
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { root } from "./ensure.mjs";

const folder = join(root, "dist/player/web");
const encodings = [
  { extension: ".br", pack: brotliCompressSync, unpack: brotliDecompressSync },
  { extension: ".gz", pack: (bytes) => gzipSync(bytes, { level: 9 }), unpack: gunzipSync },
];

/** Compresses new and changed files. Skips unchanged files, because brotli at level 11 takes seconds. */
export function compressPlayer() {
  for (const name of readdirSync(folder)) {
    if (/\.(br|gz)$/.test(name) && !existsSync(join(folder, name.slice(0, -3)))) rmSync(join(folder, name));
    if (!/\.(js|css|svg)$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    for (const { extension, pack, unpack } of encodings) {
      const path = join(folder, `${name}${extension}`);
      if (isCompressed(path, unpack, bytes)) {
        // The server ignores a compressed file that is older than the original.
        const time = Math.ceil(statSync(join(folder, name)).mtimeMs) / 1000;
        utimesSync(path, time, time);
      } else {
        // Atomic: a build that is killed leaves no partial file.
        writeFileSync(`${path}.tmp`, pack(bytes));
        renameSync(`${path}.tmp`, path);
      }
    }
  }
}

function isCompressed(path, unpack, bytes) {
  if (!existsSync(path)) return false;
  try {
    return unpack(readFileSync(path)).equals(bytes);
  } catch {
    return false;
  }
}
