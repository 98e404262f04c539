import { resolve } from "node:path";
import asc from "assemblyscript/asc";

interface PeakExports {
  multiplyAdds(turns: number): number;
  floatMultiplyAdds(turns: number): number;
  sines(turns: number): void;
}

// Node's types leave it to a browser's library.
declare const WebAssembly: {
  instantiate(module: Uint8Array, imports: object): Promise<{ instance: { exports: object } }>;
};

/** Thousands of millions a second, on one core. */
export interface Ceiling {
  readonly multiplyAdds: number;
  readonly floatMultiplyAdds: number;
  readonly sines: number;
}

const repository = resolve(import.meta.dirname, "../../..");
const TURNS = 2000;
const ROUNDS = 25;
/** Vectors of 16 bytes that a turn reads. */
const VECTORS = 4096 / 16;

/** Loops that do nothing but the kernel's arithmetic, in the instructions that the kernel uses here. */
export async function loadCeiling(relaxed: boolean): Promise<() => Ceiling> {
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
  if (error !== null || module === undefined) throw new Error(`the ceiling does not compile: ${stderr}`);
  const { instance } = await WebAssembly.instantiate(module, { env: { abort() {} } });
  const { multiplyAdds, floatMultiplyAdds, sines } = instance.exports as PeakExports;
  // Of each vector: four instructions of eight (16 bits) or four (32 bits) multiply-adds, or eight sines.
  return () => ({
    multiplyAdds: best(() => multiplyAdds(TURNS), VECTORS * 4 * 8),
    floatMultiplyAdds: best(() => floatMultiplyAdds(TURNS), VECTORS * 4 * 4),
    sines: best(() => sines(TURNS), VECTORS * 8),
  });
}

/** The fastest of many short runs: what other programs take away is not the machine's. */
function best(run: () => void, perTurn: number): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    run();
    shortest = Math.min(shortest, performance.now() - started);
  }
  return (perTurn * TURNS) / shortest / 1e6;
}
