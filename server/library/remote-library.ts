import { openAsset } from "../../codec/asset/asset.js";
import type { BlockCache } from "./block-cache.js";
import { EXTENSION, type Library, type LibraryEntry } from "./library.js";
import { idOf, parseListing } from "./listing.js";
import { type Origin, place, Refused } from "./origin.js";
import { type Content, type Distant, distantAsset, lookAt, stillHolds } from "./remote-asset.js";

interface DistantFilm extends Distant {
  /** A presigned one is another address in each listing. */
  url: URL;
  content: Content | undefined;
  /** When it was last known to be so, in milliseconds; -Infinity: look again. */
  at: number;
  looking: Promise<void> | undefined;
}

/** Bytes of a listing at most. */
const MAX_LISTING = 16 * 1024 * 1024;
/** Requests that one may take: a bucket names 1000 files a page. */
const MAX_PAGES = 1000;

export interface DistantLibraryOptions {
  /** Of one asset (it ends in `.siedd`), or of a listing in JSON. */
  readonly url: URL;
  readonly origin: Origin;
  readonly blocks: BlockCache;
  /** Seconds that what was seen of the origin holds without looking again. */
  readonly refreshSeconds: number;
  /** Told when the origin fails and what it said before is used on. */
  readonly onProblem: (error: unknown) => void;
}

/** Assets on another HTTP server. What was seen of it lasts for some seconds, and longer where it fails. */
export class DistantLibrary implements Library {
  readonly #options: DistantLibraryOptions;
  readonly #films = new Map<string, DistantFilm>();
  #listedAt = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | undefined;
  #etag = "";
  #known = false;

  constructor(options: DistantLibraryOptions) {
    this.#options = options;
    const { url } = options;
    if (url.pathname.endsWith(EXTENSION)) {
      this.#put(idOf(url), url);
      this.#listedAt = Number.POSITIVE_INFINITY;
      this.#known = true;
    }
  }

  get known(): boolean {
    return this.#known;
  }

  async ids(): Promise<string[]> {
    await this.#list();
    return [...this.#films.keys()];
  }

  async find(id: string): Promise<LibraryEntry | undefined> {
    await this.#list();
    const film = this.#films.get(id);
    if (film === undefined) return undefined;
    if (this.#isOld(film.at)) {
      film.looking ??= this.#look(film).finally(() => {
        film.looking = undefined;
      });
      await film.looking;
    }
    const { content, file } = film;
    if (content === undefined) return undefined;
    const open = async () => {
      const forget = () => {
        film.at = Number.NEGATIVE_INFINITY;
      };
      const source = distantAsset(film, content, this.#options.blocks, forget);
      return { source, asset: await openAsset(source, { name: file }) };
    };
    return { id, file, tag: `${place(film.url)} ${content.size} ${content.validator}`, open };
  }

  async close(): Promise<void> {
    this.#options.origin.close();
  }

  #isOld(at: number): boolean {
    return performance.now() - at > this.#options.refreshSeconds * 1000;
  }

  async #look(film: DistantFilm): Promise<void> {
    const { blocks, onProblem } = this.#options;
    const expected = film.at !== Number.NEGATIVE_INFINITY ? film.content : undefined;
    try {
      if (expected === undefined || !(await stillHolds(film, expected)))
        film.content = await lookAt(film, blocks);
    } catch (error) {
      if (expected === undefined) throw error;
      onProblem(error);
    }
    film.at = performance.now();
  }

  async #list(): Promise<void> {
    if (!this.#isOld(this.#listedAt)) return;
    this.#listing ??= this.#readListing().finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
  }

  async #readListing(): Promise<void> {
    try {
      const found = await this.#readPages();
      if (found !== undefined) this.#replace(found);
      this.#known = true;
    } catch (error) {
      if (!this.#known) throw error;
      this.#options.onProblem(error);
    }
    this.#listedAt = performance.now();
  }

  /** All pages of the list; undefined where it is the one that is known. */
  async #readPages(): Promise<ReadonlyMap<string, URL> | undefined> {
    const { url, origin } = this.#options;
    const found = new Map<string, URL>();
    let etag = "";
    let length = 0;
    let pages = 0;
    for (let page: URL | undefined = url; page !== undefined; ) {
      const address: URL = page;
      const headers = {
        accept: "application/json, application/xml;q=0.9",
        ...(address === url && this.#etag !== "" && { "if-none-match": this.#etag }),
      };
      const listing = await origin.get(address, "the list of films", headers, async (response) => {
        if (response.status === 304) return undefined;
        if (!response.ok) throw new Refused(`has no list of them (status ${response.status})`);
        const text = await response.text();
        length += text.length;
        if (length > MAX_LISTING || ++pages > MAX_PAGES) throw new Refused("has a list that is too long");
        if (address === url) etag = response.headers.get("etag") ?? "";
        return parseListing(text, address);
      });
      if (listing === undefined) return undefined;
      for (const [id, film] of listing.found) if (!found.has(id)) found.set(id, film);
      page = listing.next;
      // Of a list in pages, the first may be as it was and another one not.
      if (page !== undefined) etag = "";
    }
    this.#etag = etag;
    return found;
  }

  #replace(found: ReadonlyMap<string, URL>): void {
    for (const id of this.#films.keys()) if (!found.has(id)) this.#films.delete(id);
    for (const [id, url] of found) {
      const film = this.#films.get(id);
      if (film !== undefined && place(film.url) === place(url)) film.url = url;
      else this.#put(id, url);
    }
  }

  #put(id: string, url: URL): void {
    const { origin } = this.#options;
    const unseen = { content: undefined, looking: undefined, at: Number.NEGATIVE_INFINITY };
    this.#films.set(id, { origin, url, file: `${id}${EXTENSION}`, ...unseen });
  }
}
