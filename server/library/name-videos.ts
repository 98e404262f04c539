import { extname } from "node:path";
import { ASSET_EXTENSION, normalizeId } from "./library.js";

/**
 * How an asset and a source whose names match are related: the asset was encoded from the source; from a former version
 * of it; or from another video.
 */
export type Relation = "current" | "stale" | "unrelated";

/** The files of one video in a folder. At least one of them is present. */
export interface VideoFiles {
  /** Name of the asset. */
  readonly asset?: string;
  /** Whether the asset was encoded from a former version of the source. */
  readonly isStale?: boolean;
  /** Name of the source. */
  readonly source?: string;
  /** Name of the asset to encode the source to. */
  readonly output?: string;
}

/** Files whose names match: whether two of them are one video depends on their content. */
export interface NameCluster {
  readonly sources: readonly string[];
  readonly assets: readonly string[];
}

export interface NamedVideos {
  /** By the last part of their ids. */
  readonly videos: ReadonlyMap<string, VideoFiles>;
  /** Names of files that get no id, because other files have those that they could have. */
  readonly duplicates: readonly string[];
}

/** Returns a name without its extension, in the form of ids. */
export const stemOf = (name: string): string => normalizeId(name.slice(0, -extname(name).length));

/** Returns the ids that a file may have, the preferred one first. A source may keep its extension. */
const possibleIds = (name: string): readonly string[] =>
  name.endsWith(ASSET_EXTENSION) ? [stemOf(name)] : [stemOf(name), normalizeId(name)];

/** Groups the names of files by the ids that they may have. Clusters have no possible id in common. */
export function clusterNames(
  sources: readonly string[],
  assets: readonly string[],
): ReadonlyMap<string, NameCluster> {
  const clusters = new Map<string, { sources: string[]; assets: string[]; ids: string[] }>();
  const add = (name: string, kind: "sources" | "assets") => {
    const ids = [...possibleIds(name)];
    const joined = { sources: [] as string[], assets: [] as string[], ids };
    joined[kind].push(name);
    for (const other of new Set(ids.flatMap((id) => clusters.get(id) ?? []))) {
      joined.sources.push(...other.sources);
      joined.assets.push(...other.assets);
      joined.ids.push(...other.ids);
    }
    for (const id of joined.ids) clusters.set(id, joined);
  };
  for (const name of sources) add(name, "sources");
  for (const name of assets) add(name, "assets");
  return clusters;
}

/**
 * Gives each file of a cluster its id: the name without the extension. An asset takes the id of the source that it was
 * encoded from. Of several videos with the same id, the asset has it, and sources keep their extension.
 *
 * @param relationOf compares an asset and a source whose names match
 */
export async function nameVideos(
  cluster: NameCluster,
  relationOf: (asset: string, source: string) => Promise<Relation>,
): Promise<NamedVideos> {
  const sources = [...cluster.sources].sort(shorterFirst);
  const assets = [...cluster.assets].sort(shorterFirst);
  const pairs = await pairFiles(sources, assets, relationOf);
  const videos = new Map<string, VideoFiles>();
  const duplicates: string[] = [];
  const paired = new Set([...pairs.values()].map(({ asset }) => asset));
  for (const asset of assets) {
    if (paired.has(asset)) continue;
    const id = stemOf(asset);
    if (videos.has(id)) duplicates.push(asset);
    else videos.set(id, { asset });
  }
  const stored = new Set(assets.map(stemOf));
  for (const source of preferredFirst(sources, pairs)) {
    const pair = pairs.get(source);
    const isAmbiguous = sources.some((other) => other !== source && stemOf(other) === stemOf(source));
    const keepsExtension = isAmbiguous && pair?.asset !== `${stemOf(source)}${ASSET_EXTENSION}`;
    const ids = keepsExtension ? [normalizeId(source)] : possibleIds(source);
    const id = ids.find((possible) => !videos.has(possible));
    const free = [id, normalizeId(source)].find((stem) => stem !== undefined && !stored.has(stem));
    const output = pair?.asset ?? (free && `${free}${ASSET_EXTENSION}`);
    if (id === undefined || output === undefined) {
      duplicates.push(source);
      continue;
    }
    stored.add(stemOf(output));
    videos.set(id, { source, output, ...pair });
  }
  return { videos, duplicates };
}

/** Prefers the asset without the extension of its source, and composed Unicode. */
const shorterFirst = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : 1);

type Pair = Required<Pick<VideoFiles, "asset" | "isStale">>;

/** Returns the asset of each source that has one. */
async function pairFiles(
  sources: readonly string[],
  assets: readonly string[],
  relationOf: (asset: string, source: string) => Promise<Relation>,
): Promise<Map<string, Pair>> {
  const pairs = new Map<string, Pair>();
  const matches = assets.flatMap((asset) =>
    sources
      .filter((source) => possibleIds(source).includes(stemOf(asset)))
      .map((source) => ({ asset, source })),
  );
  const relations = await Promise.all(matches.map(({ asset, source }) => relationOf(asset, source)));
  for (const wanted of ["current", "stale"] as const) {
    matches.forEach(({ asset, source }, i) => {
      const isTaken = [...pairs.values()].some((pair) => pair.asset === asset);
      if (relations[i] !== wanted || isTaken || pairs.has(source)) return;
      pairs.set(source, { asset, isStale: wanted === "stale" });
    });
  }
  return pairs;
}

/** Sources with an asset come first, so that another one does not take their ids. */
const preferredFirst = (sources: readonly string[], pairs: ReadonlyMap<string, Pair>): string[] => [
  ...sources.filter((source) => pairs.has(source)),
  ...sources.filter((source) => !pairs.has(source)),
];
