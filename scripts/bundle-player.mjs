// Bundles the player: an ES module, a classic script, and the scripts of the pages.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root, ScriptError } from "./ensure.mjs";

const folder = join(root, "dist/player/web");
const entry = join(root, "dist/player/define.js");

/** Maximum size of the element after gzip in bytes, without hls.js and without lazily loaded chunks. */
const ELEMENT_BUDGET = 40_000;

/** Minifies the style sheets in ui/styles.js and ui/panel-styles.js. esbuild does not minify CSS in a template literal. */
const minifyStyles = {
  name: "minify-styles",
  setup({ onLoad, esbuild: { transform } }) {
    onLoad({ filter: /[/\\]player[/\\]ui[/\\](panel-)?styles\.js$/ }, async ({ path }) => {
      const source = readFileSync(path, "utf8");
      const literal = /(?<=const CSS = )`([^`]*)`/;
      const [, css] = literal.exec(source) ?? [];
      if (css === undefined) throw new ScriptError(`${path} has no "const CSS = \`...\`" to minify`);
      const { code } = await transform(css, { loader: "css", minify: true, target: [] });
      return { contents: source.replace(literal, () => JSON.stringify(code)) };
    });
  },
};

const common = {
  bundle: true,
  plugins: [minifyStyles],
  minify: true,
  target: ["es2022"],
  legalComments: "linked",
  logLevel: "warning",
};

/** The decoding worker as a file next to the player; start-worker.ts decides when to use it. */
const WORKER_FILE = "siedd-decoder.js";
const workerDefine = { SIEDD_WORKER_FILE: JSON.stringify(`./${WORKER_FILE}`) };

/** Writes siedd-player.js, siedd-player.iife.js, library.js, video.js, embed.js and their chunks into dist/player/web. */
export async function bundlePlayer() {
  const pages = Object.fromEntries(
    ["library", "video", "embed"].map((name) => [name, join(root, `dist/player/pages/${name}/page.js`)]),
  );
  for (const file of [entry, ...Object.values(pages)]) {
    if (!existsSync(file))
      throw new ScriptError(`${file} is missing after the build; delete dist and build again`);
  }
  const { build } = await import("esbuild");
  const started = Date.now();
  mkdirSync(folder, { recursive: true });
  await bundleWorker(build);
  await build({
    ...common,
    entryPoints: { "siedd-player": entry },
    outdir: folder,
    format: "esm",
    // Dynamic imports become chunks that are loaded on demand.
    splitting: true,
    chunkNames: "siedd-[name]-[hash]",
    define: workerDefine,
  });
  const { metafile } = await build({
    ...common,
    entryPoints: pages,
    outdir: folder,
    format: "esm",
    splitting: true,
    chunkNames: "siedd-page-[hash]",
    metafile: true,
  });
  writeLicenses(metafile);
  await build({
    ...common,
    entryPoints: { "siedd-player.iife": entry },
    outdir: folder,
    format: "iife",
    // A classic script has no import.meta.url.
    define: { "import.meta.url": "sieddScriptUrl", ...workerDefine },
    banner: {
      js: '(()=>{const sieddScriptUrl=globalThis.document?.currentScript?.src??"";',
    },
    footer: { js: "})();" },
  });
  for (const name of readdirSync(folder)) {
    const isStale = statSync(join(folder, name)).mtimeMs < started - 1000;
    if (isStale && /^siedd-.*\.js(\.LEGAL\.txt|\.map)?$/.test(name)) rmSync(join(folder, name));
  }
}

/** Writes the licenses of the packages that the pages contain: not all have one in their code. */
function writeLicenses({ inputs }) {
  const packages = Object.keys(inputs).flatMap(
    (path) => /.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  const licenses = [...new Set(packages)].sort().map((path) => {
    const name = readdirSync(path).find((file) => /^licen[sc]e/i.test(file));
    if (name === undefined) throw new ScriptError(`${path} has no license file; it cannot be bundled`);
    return `${path.replace(/.*node_modules\//, "")}\n\n${readFileSync(join(path, name), "utf8").trim()}\n`;
  });
  writeFileSync(join(folder, "page-licenses.txt"), licenses.join("\n---\n\n"));
}

/** Bundles the decoding worker as a file, and as a string for pages of another origin. */
async function bundleWorker(build) {
  const outfile = join(folder, WORKER_FILE);
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

/** Prints the sizes of the player after gzip. @throws ScriptError if the element exceeds its budget */
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
  const initial = new Set();
  const visit = (path) => {
    if (initial.has(path) || metafile.outputs[path] === undefined) return;
    initial.add(path);
    for (const { path: imported, kind } of metafile.outputs[path].imports)
      if (kind === "import-statement") visit(imported);
  };
  visit(Object.keys(metafile.outputs).find((path) => path.endsWith("/element.js")));
  const sum = (paths) => paths.reduce((total, path) => total + bytes.get(path), 0);
  const element = sum([...initial]);
  const lazy = sum([...bytes.keys()].filter((path) => !initial.has(path)));
  const script = gzipSync(readFileSync(join(folder, "siedd-player.iife.js"))).length;
  process.stdout.write(
    `  player after gzip: element ${element} bytes, lazy chunks ${lazy} bytes, classic script with hls.js ${script} bytes\n`,
  );
  if (element > ELEMENT_BUDGET)
    throw new ScriptError(
      `the element must have at most ${ELEMENT_BUDGET} bytes after gzip without hls.js, got ${element}`,
    );
}
