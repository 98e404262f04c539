import type { CatalogListing, ListedVideo } from "../catalog/catalog.js";
import { videoTitle } from "./video-title.js";

/** Videos per page. */
const PAGE_SIZE = 60;

/** How the library is sorted, with the label of each order. */
export const SORT_ORDERS = {
  name: "Name",
  newest: "Newest",
  longest: "Longest",
  largest: "Largest",
} as const;

export type SortOrder = keyof typeof SORT_ORDERS;

/** The part of the library that a page shows. */
export interface LibraryQuery {
  /** Path of a folder without slashes at its ends; "" for all videos. */
  readonly folder: string;
  /** Words that must all occur in the title or the id; "" shows the folder. */
  readonly search: string;
  readonly sort: SortOrder;
  /** From 1. */
  readonly page: number;
}

export interface LibraryFolder {
  readonly path: string;
  readonly name: string;
  /** Videos in it and its subfolders. */
  readonly count: number;
}

export interface LibraryView extends LibraryQuery {
  readonly folders: readonly LibraryFolder[];
  /** The videos of the page. */
  readonly videos: readonly ListedVideo[];
  /** Videos on all pages. */
  readonly total: number;
  readonly pages: number;
}

/** Parses the query of a URL. Values that are not valid are those of the default. */
export function parseLibraryQuery(query: unknown): LibraryQuery {
  const { folder, q, sort, page } = (query ?? {}) as Readonly<Record<string, unknown>>;
  const text = (value: unknown) => (typeof value === "string" ? value.normalize("NFC").slice(0, 1000) : "");
  return {
    folder: text(folder).replace(/^\/+|\/+$/g, ""),
    search: text(q).trim(),
    sort: typeof sort === "string" && Object.hasOwn(SORT_ORDERS, sort) ? (sort as SortOrder) : "name",
    page: typeof page === "string" && /^[1-9]\d{0,6}$/.test(page) ? Number(page) : 1,
  };
}

/** Selects what a page of the library shows. A page beyond the last one is the last one. */
export function viewLibrary({ entries }: CatalogListing, query: LibraryQuery): LibraryView {
  const prefix = query.folder === "" ? "" : `${query.folder}/`;
  const inFolder = entries.filter(({ id }) => id.startsWith(prefix));
  const isSearch = query.search !== "";
  const found = isSearch
    ? inFolder.filter(matcher(query.search))
    : inFolder.filter(({ id }) => !id.includes("/", prefix.length));
  const pages = Math.max(1, Math.ceil(found.length / PAGE_SIZE));
  const page = Math.min(query.page, pages);
  const sorted = sortVideos(found, query.sort);
  return {
    ...query,
    page,
    pages,
    total: found.length,
    folders: isSearch ? [] : subfolders(inFolder, prefix),
    videos: sorted.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE),
  };
}

function subfolders(videos: readonly ListedVideo[], prefix: string): LibraryFolder[] {
  const counts = new Map<string, number>();
  for (const { id } of videos) {
    const end = id.indexOf("/", prefix.length);
    if (end < 0) continue;
    const name = id.slice(prefix.length, end);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, count]) => ({ path: `${prefix}${name}`, name, count }))
    .sort((a, b) => COLLATOR.compare(a.name, b.name));
}

/** Removes case and accents. */
const simplify = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function matcher(search: string): (video: ListedVideo) => boolean {
  const words = simplify(search).split(/\s+/);
  return (video) => {
    const text = simplify(`${video.id} ${videoTitle(video)}`);
    return words.every((word) => text.includes(word));
  };
}

const COLLATOR = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Sorts by a number from the largest, then by title. */
function sortVideos(videos: readonly ListedVideo[], order: SortOrder): ListedVideo[] {
  const rankOf: Record<SortOrder, (video: ListedVideo) => number> = {
    name: () => 0,
    newest: ({ changedAt }) => changedAt ?? 0,
    longest: ({ opened }) => opened?.video.duration ?? 0,
    largest: ({ bytes }) => bytes,
  };
  const keyed = videos.map((video) => ({ video, value: rankOf[order](video), title: videoTitle(video) }));
  keyed.sort((a, b) => b.value - a.value || COLLATOR.compare(a.title, b.title));
  return keyed.map(({ video }) => video);
}
