import { resolve } from "node:path";
import asc from "assemblyscript/asc";

interface PeakExports {
  multiplyAdds(iterations: number): number;
  floatMultiplyAdds(iterations: number): number;
  sines(iterations: number): void;
}

// @types/node does not declare WebAssembly.
declare const WebAssembly: {
  instantiate(module: Uint8Array, imports: object): Promise<{ instance: { exports: object } }>;
};

/** Operations on one core, 1e9 per second. */
export interface PeakThroughput {
  readonly multiplyAdds: number;
  readonly floatMultiplyAdds: number;
  readonly sines: number;
}

const repository = resolve(import.meta.dirname, "../../..");
const ITERATIONS = 2000;
const RUNS = 25;
/** Number of 16-byte vectors that an iteration reads. */
const VECTORS = 4096 / 16;

/** Compiles loops of the kernel's SIMD instructions. Returns a function that measures their throughput. */
export async function loadPeakThroughput(relaxed: boolean): Promise<() => PeakThroughput> {
  let module: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [
      "bench/decoding/assembly/peak.ts",
      "--outFile=peak.wasm",
      "--optimizeLevel=3",
      "--noAssert",
      "--runtime=stub",
      "--initialMemory=1",
      "--enable=simd",
      ...(relaxed ? ["--enable=relaxed-simd"] : []),
      `--baseDir=${repository}`,
    ],
    {
      writeFile(name: string, contents: Uint8Array | string) {
        if (name === "peak.wasm" && typeof contents !== "string") module = Uint8Array.from(contents);
      },
    },
  );
  if (error !== null || module === undefined) throw new Error(`cannot compile peak.ts: ${stderr}`);
  const { instance } = await WebAssembly.instantiate(module, { env: { abort() {} } });
  const { multiplyAdds, floatMultiplyAdds, sines } = instance.exports as PeakExports;
  // Per vector: four instructions with eight (16-bit) or four (32-bit) multiply-adds each, or eight sines.
  return () => ({
    multiplyAdds: best(() => multiplyAdds(ITERATIONS), VECTORS * 4 * 8),
    floatMultiplyAdds: best(() => floatMultiplyAdds(ITERATIONS), VECTORS * 4 * 4),
    sines: best(() => sines(ITERATIONS), VECTORS * 8),
  });
}

/** Returns the throughput of the fastest of many short runs, which other load affects least. */
function best(run: () => void, perIteration: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < RUNS; i++) {
    const started = performance.now();
    run();
    shortest = Math.min(shortest, performance.now() - started);
  }
  return (perIteration * ITERATIONS) / shortest / 1e6;
}
