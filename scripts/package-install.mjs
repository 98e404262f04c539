// What a plain `npm install` of the package brings: the size of node_modules, and the Node versions that it runs on.
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { satisfies } from "semver";
import { root, ScriptError } from "./ensure.mjs";

/** Bound of the size of node_modules, in MiB as `du -m` counts. */
const MAX_INSTALL_MIB = 120;
/** The oldest version of each Node release that README.md names. */
const NODE_VERSIONS = ["20.19.0", "22.12.0", "24.0.0", "26.0.0"];
/** npm warns about this one on Node 20. Fastify needs it for `inject` only, and the tests pass with it. */
const KNOWN_WARNINGS = ["cookie on Node 20.19.0"];

/** @throws ScriptError if the packages that npm installs are too large, or reject a supported Node version. */
export function checkInstall(installed) {
  const packages = installedPackages(installed);
  const mebibytes = packages.reduce((sum, folder) => sum + diskUsage(folder), 0) / 1024 ** 2;
  if (mebibytes > MAX_INSTALL_MIB) {
    throw new ScriptError(
      `an install must take at most ${MAX_INSTALL_MIB} MiB, got ${mebibytes.toFixed(0)} MiB; make a large package an optional peer`,
    );
  }
  const warnings = packages.flatMap(engineWarnings).filter((warning) => !KNOWN_WARNINGS.includes(warning));
  if (warnings.length > 0) {
    throw new ScriptError(`npm would print engine warnings: ${warnings.join(", ")}; choose other versions`);
  }
}

function engineWarnings(folder) {
  const { name, engines } = readManifest(folder);
  return NODE_VERSIONS.filter((version) => engines?.node && !satisfies(version, engines.node)).map(
    (version) => `${name} on Node ${version}`,
  );
}

/** Returns the folders of the package and of everything that npm installs with it, without the optional peers. */
function installedPackages(installed) {
  const folders = new Set([installed]);
  for (const folder of folders) {
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
      readManifest(folder);
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      if (peerDependenciesMeta?.[name]?.optional) continue;
      const found = findModule(folder === installed ? root : folder, name);
      // npm skips the optional dependencies of other platforms.
      if (found !== undefined) folders.add(found);
      else if (optionalDependencies?.[name] === undefined) throw new ScriptError(`${name} is not installed`);
    }
  }
  return [...folders];
}

/** Finds the folder of a dependency as Node does: in node_modules of the folder and of its parents. */
function findModule(folder, name) {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
  }
  return undefined;
}

/** Returns the disk usage of a package in bytes, without the packages nested in it. */
function diskUsage(folder) {
  const { blocks } = lstatSync(folder);
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => name !== "node_modules");
  return entries.reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? diskUsage(path) : lstatSync(path).blocks * 512);
  }, blocks * 512);
}

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
