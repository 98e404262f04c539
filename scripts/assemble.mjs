// Compiles a kernel (AssemblyScript) to a JavaScript module that exports WebAssembly modules in base64: by default one with
// SIMD and one with relaxed SIMD. Node and browsers load it without a fetch.
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

/** The option of the compiler for relaxed SIMD. */
export const RELAXED_SIMD = "--enable=relaxed-simd";

/** Exported names, and the options of the compiler for each. */
const BUILDS = { KERNEL: [], RELAXED_KERNEL: [RELAXED_SIMD] };

/**
 * Compiles `<folder>/assembly/index.ts` to `output`, unless `output` is newer than all sources, the folder's build.mjs and
 * this file.
 */
export async function assemble(folder, output, builds = BUILDS) {
  const sources = readdirSync(join(folder, "assembly")).filter((name) => name.endsWith(".ts"));
  const newest = Math.max(
    statSync(fileURLToPath(import.meta.url)).mtimeMs,
    statSync(join(folder, "build.mjs")).mtimeMs,
    ...sources.map((name) => statSync(join(folder, "assembly", name)).mtimeMs),
  );
  const built = statSync(output, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newest) return;
  let code = "";
  for (const [name, options] of Object.entries(builds))
    code += `export const ${name} = "${await compile(folder, ...options)}";\n`;
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, code);
}

/** Returns the WebAssembly module in base64. */
async function compile(folder, ...options) {
  let bytes;
  const { error, stderr } = await asc.main(
    [
      "assembly/index.ts",
      "--outFile=kernel.wasm",
      "--optimizeLevel=3",
      "--shrinkLevel=0",
      "--noAssert",
      "--runtime=stub",
      "--importMemory",
      "--initialMemory=1",
      "--maximumMemory=65536",
      "--enable=simd",
      "--enable=bulk-memory",
      ...options,
      `--baseDir=${folder}`,
    ],
    {
      writeFile(name, contents) {
        if (name === "kernel.wasm") bytes = contents;
      },
    },
  );
  if (error) throw new Error(`cannot compile the kernel: ${error.message}\n${stderr.toString()}`);
  return Buffer.from(bytes).toString("base64");
}
