import { setFlagsFromString } from "node:v8";

/** The V8 flag that merges pairs of 128-bit operations of WebAssembly into 256-bit ones, without leading dashes. */
const FLAG = "experimental-wasm-revectorize";
/** The first version of V8 that packs anything: that of Node 24. Node 22 accepts the flag, but packs nothing. */
const FIRST_V8 = 13;

/**
 * Returns whether this build of Node.js has the flag and acts on it. V8 writes an error to stderr if it does not know a flag,
 * so that the flag cannot be tried. Node.js is compiled with it for x64, except on macOS.
 */
export function canRevectorize(): boolean {
  const { arch, platform, versions } = process;
  return arch === "x64" && platform !== "darwin" && Number.parseInt(versions.v8, 10) >= FIRST_V8;
}

/** Sets the flag for all modules that the process compiles from now on, if V8 has it. */
export function setRevectorization(enabled: boolean): void {
  if (canRevectorize()) setFlagsFromString(`--${enabled ? "" : "no-"}${FLAG}`);
}
