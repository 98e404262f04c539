// Builds dist/: kernels, TypeScript, the player's bundles and pages. Incremental.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundlePlayer } from "./bundle-player.mjs";
import { compressPlayer } from "./compress-player.mjs";
import { execute, main, root, runScript, ScriptError } from "./ensure.mjs";

const SOURCES = [
  "codec",
  "protocol",
  "media",
  "decode-pool",
  "encoder",
  "server",
  "player",
  "cli",
  "test",
  "bench",
];
const SETTINGS = [
  "package.json",
  "package-lock.json",
  "tsconfig.json",
  "tsconfig.base.json",
  "scripts/build.mjs",
  "scripts/bundle-player.mjs",
  "scripts/compress-player.mjs",
  "scripts/assemble.mjs",
];
const stamp = join(root, "dist/.built");

/** Returns the modification time of the newest source in ms. Includes folders, which change if a file is deleted. */
function newestSource() {
  let newest = Math.max(...SETTINGS.map((name) => statSync(join(root, name)).mtimeMs));
  const visit = (folder) => {
    newest = Math.max(newest, statSync(folder).mtimeMs);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else newest = Math.max(newest, statSync(path).mtimeMs);
    }
  };
  for (const name of SOURCES) visit(join(root, name));
  return newest;
}

export const isBuilt = () => (statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newestSource();

export async function build() {
  const started = newestSource();
  runScript("building the decoding kernel", "codec/kernel/build.mjs");
  runScript("building the training kernel", "encoder/training/kernel/build.mjs");
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  if (execute(process.execPath, [tsc, "-b"]) !== 0)
    throw new ScriptError("TypeScript reports errors; see above");
  await bundlePlayer();
  await bundleReport();
  copyPages();
  compressPlayer();
  // A source that was saved during the build may not be included.
  if (newestSource() === started) writeFileSync(stamp, "");
}

/** Bundles the script and the style that `siedd eval --report` inlines into its page. */
async function bundleReport() {
  const { build: bundle } = await import("esbuild");
  const license = readFileSync(join(root, "node_modules/uplot/LICENSE"), "utf8");
  await bundle({
    entryPoints: {
      report: join(root, "dist/cli/evaluation/report-page/page.js"),
      "report-style": join(root, "cli/evaluation/report-page/report.css"),
    },
    entryNames: "report",
    outdir: join(root, "dist/cli/evaluation/report-page/web"),
    bundle: true,
    minify: true,
    format: "iife",
    target: ["es2022"],
    banner: { js: `/* uPlot\n${license}*/` },
    logLevel: "warning",
  });
}

/** Static files of the pages, relative to player/pages. The server serves them from one flat folder. */
const PAGE_FILES = [
  "icon.svg",
  "page.css",
  "library/index.html",
  "library/library.css",
  "library/upload.css",
  "video/video.html",
  "video/video.css",
  "embed/embed.css",
];

function copyPages() {
  const to = join(root, "dist/player/web");
  mkdirSync(to, { recursive: true });
  for (const name of PAGE_FILES) {
    const [source, target] = [join(root, "player/pages", name), join(to, basename(name))];
    if (existsSync(target) && readFileSync(target).equals(readFileSync(source))) continue;
    copyFileSync(source, target);
  }
  // The style of the chart on the statistics page, and the license of uPlot, which the pages contain.
  const uplot = join(root, "node_modules/uplot");
  const license = readFileSync(join(uplot, "LICENSE"), "utf8");
  const style = readFileSync(join(uplot, "dist/uPlot.min.css"), "utf8");
  writeFileSync(join(to, "uplot.css"), `/* uPlot\n${license}*/\n${style}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(build);
