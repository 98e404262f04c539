import { openAsset } from "../../codec/asset/asset.js";
import type { BlockCache } from "./block-cache.js";
import { EXTENSION, type Library, type LibraryEntry } from "./library.js";
import { idOf, parseListing } from "./listing.js";
import { NonRetryableOriginError, type Origin, redactUrl } from "./origin.js";
import {
  type Content,
  fetchFirstBlock,
  isUnchanged,
  openRemoteAsset,
  type RemoteAsset,
} from "./remote-asset.js";

interface RemoteEntry extends RemoteAsset {
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

export interface RemoteLibraryOptions {
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
export class RemoteLibrary implements Library {
  readonly #options: RemoteLibraryOptions;
  readonly #entries = new Map<string, RemoteEntry>();
  #listedAt = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | undefined;
  #etag = "";
  #known = false;

  constructor(options: RemoteLibraryOptions) {
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
    return [...this.#entries.keys()];
  }

  async find(id: string): Promise<LibraryEntry | undefined> {
    await this.#list();
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (this.#isOld(entry.at)) {
      entry.looking ??= this.#look(entry).finally(() => {
        entry.looking = undefined;
      });
      await entry.looking;
    }
    const { content, file } = entry;
    if (content === undefined) return undefined;
    const open = async () => {
      const forget = () => {
        entry.at = Number.NEGATIVE_INFINITY;
      };
      const source = openRemoteAsset(entry, content, this.#options.blocks, forget);
      return { source, asset: await openAsset(source, { name: file }) };
    };
    return { id, file, tag: `${redactUrl(entry.url)} ${content.size} ${content.validator}`, open };
  }

  async close(): Promise<void> {
    this.#options.origin.close();
  }

  #isOld(at: number): boolean {
    return performance.now() - at > this.#options.refreshSeconds * 1000;
  }

  async #look(entry: RemoteEntry): Promise<void> {
    const { blocks, onProblem } = this.#options;
    const expected = entry.at !== Number.NEGATIVE_INFINITY ? entry.content : undefined;
    try {
      if (expected === undefined || !(await isUnchanged(entry, expected)))
        entry.content = await fetchFirstBlock(entry, blocks);
    } catch (error) {
      if (expected === undefined) throw error;
      onProblem(error);
    }
    entry.at = performance.now();
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
      const listing = await origin.get(address, "the list of videos", headers, async (response) => {
        if (response.status === 304) return undefined;
        if (!response.ok)
          throw new NonRetryableOriginError(`has no list of them (status ${response.status})`);
        const text = await response.text();
        length += text.length;
        if (length > MAX_LISTING || ++pages > MAX_PAGES)
          throw new NonRetryableOriginError("has a list that is too long");
        if (address === url) etag = response.headers.get("etag") ?? "";
        return parseListing(text, address);
      });
      if (listing === undefined) return undefined;
      for (const [id, entry] of listing.found) if (!found.has(id)) found.set(id, entry);
      page = listing.next;
      // Of a list in pages, the first may be as it was and another one not.
      if (page !== undefined) etag = "";
    }
    this.#etag = etag;
    return found;
  }

  #replace(found: ReadonlyMap<string, URL>): void {
    for (const id of this.#entries.keys()) if (!found.has(id)) this.#entries.delete(id);
    for (const [id, url] of found) {
      const entry = this.#entries.get(id);
      if (entry !== undefined && redactUrl(entry.url) === redactUrl(url)) entry.url = url;
      else this.#put(id, url);
    }
  }

  #put(id: string, url: URL): void {
    const { origin } = this.#options;
    const unseen = { content: undefined, looking: undefined, at: Number.NEGATIVE_INFINITY };
    this.#entries.set(id, { origin, url, file: `${id}${EXTENSION}`, ...unseen });
  }
}
