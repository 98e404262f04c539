// The player's scripts, styles and pictures as .br and .gz beside them: the server sends what a client takes.
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

/** Compresses what was not yet, or is another one by now: the smallest brotli takes seconds. */
export function compressPlayer() {
  for (const name of readdirSync(folder)) {
    if (/\.(br|gz)$/.test(name) && !existsSync(join(folder, name.slice(0, -3)))) rmSync(join(folder, name));
    if (!/\.(js|css|svg)$/.test(name)) continue;
    const bytes = readFileSync(join(folder, name));
    for (const { extension, pack, unpack } of encodings) {
      const path = join(folder, `${name}${extension}`);
      if (holds(path, unpack, bytes)) {
        // The server takes one that is older than its file for another one's.
        const time = Math.ceil(statSync(join(folder, name)).mtimeMs) / 1000;
        utimesSync(path, time, time);
      } else {
        // A build that is killed leaves no half of one.
        writeFileSync(`${path}.tmp`, pack(bytes));
        renameSync(`${path}.tmp`, path);
      }
    }
  }
}

function holds(path, unpack, bytes) {
  if (!existsSync(path)) return false;
  try {
    return unpack(readFileSync(path)).equals(bytes);
  } catch {
    return false;
  }
}
