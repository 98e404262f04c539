import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { invalidOption, ServeError } from "../errors.js";
import { BlockCache } from "./block-cache.js";
import { FolderLibrary } from "./folder-library.js";
import type { Library } from "./library.js";
import { Origin, type OriginHeaders } from "./origin.js";
import { RemoteLibrary } from "./remote-library.js";

/** Assets on another HTTP server that answers Range requests, such as an object store. */
export interface OriginRoot {
  /** Of one asset, ending in `.siedd` before any query, or of a list of them: in JSON, or of a bucket in XML. */
  readonly url: string | URL;
  /** For each request to that server, such as `authorization`; a function is asked for each one. Default: none. */
  readonly headers?: OriginHeaders;
}

/** A folder's path, an address (`http:` or `https:`), or an address with headers. */
export type Root = string | OriginRoot;

/** A root that has been looked at: what it is, not yet whether it is there. */
export type ResolvedRoot =
  | { readonly kind: "folder"; readonly path: string }
  | { readonly kind: "origin"; readonly url: URL; readonly headers: OriginHeaders };

const RULE = "a folder's path, an http or https address, { url, headers }, or an array of these";

/** Throws ServeError `bad-option`. */
export function resolveRoots(given: Root | readonly Root[]): readonly ResolvedRoot[] {
  const roots = Array.isArray(given) ? given : [given];
  if (roots.length === 0) throw refuse(given);
  return roots.map((root: unknown) => resolveRoot(root));
}

function resolveRoot(root: unknown): ResolvedRoot {
  if (typeof root === "string" && root !== "") {
    if (/^https?:\/\//i.test(root)) return resolveRoot({ url: root });
    return { kind: "folder", path: resolve(root) };
  }
  const { url, headers = {} } = (root ?? {}) as { url?: unknown; headers?: OriginHeaders };
  const address = url instanceof URL ? url.href : url;
  if (typeof address !== "string" || !URL.canParse(address)) throw refuse(root);
  const parsed = new URL(address);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") throw refuse(root);
  if (parsed.username !== "") {
    throw new ServeError("bad-option", "siedd options.root must not hold a password; give it as a header");
  }
  return { kind: "origin", url: parsed, headers };
}

/** Headers beside an address may be secrets. */
const refuse = (value: unknown): ServeError => {
  const { url = value } = (value ?? {}) as { url?: unknown };
  return invalidOption("siedd options.root", RULE, url);
};

export interface OpenLibrariesOptions {
  readonly root: readonly ResolvedRoot[];
  readonly originCacheBytes: number;
  readonly originSeconds: number;
  readonly originRefreshSeconds: number;
  readonly watch: boolean | "poll";
}

/** The libraries of the roots, in their order, and what they share. */
export interface Libraries {
  readonly libraries: readonly Library[];
  readonly origins: readonly Origin[];
  readonly blocks: BlockCache;
}

/** Rejects with ServeError `bad-option` for a folder that is none. */
export async function openLibraries(
  options: OpenLibrariesOptions,
  onProblem: (error: unknown) => void,
): Promise<Libraries> {
  const blocks = new BlockCache(options.originCacheBytes);
  const origins: Origin[] = [];
  const libraries: Library[] = [];
  for (const root of options.root) {
    if (root.kind === "folder") {
      await expectFolder(root.path);
      libraries.push(new FolderLibrary(root.path, options.watch === "poll"));
      continue;
    }
    const { url, headers } = root;
    const origin = new Origin(url, headers, options.originSeconds);
    origins.push(origin);
    const refreshSeconds = options.originRefreshSeconds;
    libraries.push(new RemoteLibrary({ url, origin, blocks, refreshSeconds, onProblem }));
  }
  return { libraries, origins, blocks };
}

async function expectFolder(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new ServeError(
      "bad-option",
      `siedd options.root must be a folder that can be read, not "${path}"`,
      { cause },
    );
  });
  if (!found.isDirectory()) {
    throw new ServeError("bad-option", `siedd options.root must be a folder, not the file "${path}"`);
  }
}
