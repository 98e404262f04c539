/** Returns the bytes of a hex dump of ffprobe: lines of an offset, a colon, up to 16 bytes in groups of two, and their characters. */
export function parseHexDump(dump: string): Buffer {
  const digits = dump
    .split("\n")
    .map((line) => /^[\da-f]+: ((?:[\da-f]{2,4} )+)/.exec(line)?.[1] ?? "")
    .join("");
  return Buffer.from(digits.replaceAll(" ", ""), "hex");
}
