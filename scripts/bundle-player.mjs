// The player as pages load it: a module, a plain script, and the script of the catalog page.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Refusal, root } from "./ensure.mjs";

const folder = join(root, "dist/player/web");
const entry = join(root, "dist/player/define.js");

/** Bytes of the element after gzip, without hls.js and without what it loads only when that is needed. */
const ELEMENT_BUDGET = 40_000;

const common = {
  bundle: true,
  minify: true,
  target: ["es2022"],
  legalComments: "linked",
  logLevel: "warning",
};

/** The worker that decodes, beside the player: start-worker.ts says when it is used. */
const DECODER = "siedd-decoder.js";
const besidePlayer = { SIEDD_WORKER_FILE: JSON.stringify(`./${DECODER}`) };

/** Writes siedd-player.js, siedd-player.iife.js, page.js, embed.js and their chunks into dist/player/web. */
export async function bundlePlayer() {
  const page = join(root, "dist/player/pages/library/page.js");
  const embed = join(root, "dist/player/pages/embed/page.js");
  for (const file of [entry, page, embed]) {
    if (!existsSync(file))
      throw new Refusal(`${file} is missing after the build; remove dist and build again`);
  }
  const { build } = await import("esbuild");
  const started = Date.now();
  mkdirSync(folder, { recursive: true });
  await bundleDecoder(build);
  await build({
    ...common,
    entryPoints: { "siedd-player": entry },
    outdir: folder,
    format: "esm",
    // What is imported dynamically is a file of its own, loaded when it is needed.
    splitting: true,
    chunkNames: "siedd-[name]-[hash]",
    define: besidePlayer,
  });
  await build({ ...common, entryPoints: { page, embed }, outdir: folder, format: "esm" });
  await build({
    ...common,
    entryPoints: { "siedd-player.iife": entry },
    outdir: folder,
    format: "iife",
    // A plain script is not told its address in import.meta.
    define: { "import.meta.url": "sieddScriptUrl", ...besidePlayer },
    banner: {
      js: '(()=>{const sieddScriptUrl=globalThis.document?.currentScript?.src??"";',
    },
    footer: { js: "})();" },
  });
  for (const name of readdirSync(folder)) {
    const old = statSync(join(folder, name)).mtimeMs < started - 1000;
    if (old && /^siedd-.*\.js(\.LEGAL\.txt|\.map)?$/.test(name)) rmSync(join(folder, name));
  }
}

/** The worker that decodes: a script of its own, and a string for pages of another origin. */
async function bundleDecoder(build) {
  const outfile = join(folder, DECODER);
  await build({
    ...common,
    legalComments: "none",
    entryPoints: [join(root, "dist/player/direct/worker.js")],
    outfile,
    format: "iife",
  });
  const source = JSON.stringify(readFileSync(outfile, "utf8"));
  writeFileSync(
    join(root, "dist/player/direct/worker-source.js"),
    `export const WORKER_SOURCE = ${source};\n`,
  );
}

/** Sizes of the player after gzip, in bytes. Throws a Refusal where the element is over its budget. */
export async function checkPlayerSize() {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    ...common,
    legalComments: "none",
    entryPoints: { element: entry },
    outdir: folder,
    format: "esm",
    splitting: true,
    external: ["hls.js"],
    write: false,
    metafile: true,
    absWorkingDir: root,
  });
  const bytes = new Map(
    outputFiles.map(({ path, contents }) => [
      path.slice(root.length).replace(/^\//, ""),
      gzipSync(contents).length,
    ]),
  );
  const needed = new Set();
  const visit = (path) => {
    if (needed.has(path) || metafile.outputs[path] === undefined) return;
    needed.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports)
      if (kind === "import-statement") visit(next);
  };
  visit(Object.keys(metafile.outputs).find((path) => path.endsWith("/element.js")));
  const sum = (paths) => paths.reduce((total, path) => total + bytes.get(path), 0);
  const element = sum([...needed]);
  const later = sum([...bytes.keys()].filter((path) => !needed.has(path)));
  const script = gzipSync(readFileSync(join(folder, "siedd-player.iife.js"))).length;
  process.stdout.write(
    `  the player after gzip: element ${element} bytes, loaded when needed ${later}, as one script with hls.js ${script}\n`,
  );
  if (element > ELEMENT_BUDGET)
    throw new Refusal(
      `the element has ${element} bytes after gzip without hls.js, ${ELEMENT_BUDGET} is its budget`,
    );
}
