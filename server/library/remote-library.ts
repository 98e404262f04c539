import { openAsset } from "../../codec/asset/asset.js";
import type { BlockCache } from "./block-cache.js";
import { Identities } from "./identity.js";
import { ASSET_EXTENSION, type Library, type LibraryEntry, normalizeId } from "./library.js";
import { idOf, parseListing } from "./listing.js";
import { type Origin, redactUrl } from "./origin.js";
import { NonRetryableOriginError } from "./origin-errors.js";
import type { OriginResponse } from "./origin-response.js";
import {
  fetchFirstBlock,
  isUnchanged,
  openRemoteAsset,
  type RemoteAsset,
  type RemoteContent,
} from "./remote-asset.js";

interface RemoteEntry extends RemoteAsset {
  /** Mutable, because a presigned URL changes with each listing. */
  url: URL;
  content: RemoteContent | undefined;
  /** When `content` was last validated, on the `performance.now()` clock; -Infinity if it must be fetched. */
  validatedAt: number;
  validation: Promise<void> | undefined;
}

/** Maximum bytes of a listing, all pages together. */
const MAX_LISTING_BYTES = 16 * 1024 * 1024;
/** Maximum bytes of a page, which is parsed without a pause; a bucket with long names needs about 1.5 MiB. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
/** Maximum pages of a listing; a bucket lists 1000 files per page. */
const MAX_PAGES = 1000;

export interface RemoteLibraryOptions {
  /** URL of one asset (its path ends in `.siedd`), or of a listing. */
  readonly url: URL;
  readonly origin: Origin;
  readonly blocks: BlockCache;
  /** Seconds until the state of the origin is revalidated. */
  readonly refreshSeconds: number;
  /** Called if the origin fails and its last known state is used instead. */
  readonly onError: (error: unknown) => void;
}

/** Assets on another HTTP server. Its state is cached for `refreshSeconds`, and for longer while the origin fails. */
export class RemoteLibrary implements Library {
  readonly #options: RemoteLibraryOptions;
  readonly #entries = new Map<string, RemoteEntry>();
  readonly #identities = new Identities();
  #listedAt = Number.NEGATIVE_INFINITY;
  #listing: Promise<void> | undefined;
  #listingEtag = "";
  #scanned = false;

  constructor(options: RemoteLibraryOptions) {
    this.#options = options;
    const { url } = options;
    if (url.pathname.endsWith(ASSET_EXTENSION)) {
      this.#addEntry(normalizeId(idOf(url)), url);
      this.#listedAt = Number.POSITIVE_INFINITY;
      this.#scanned = true;
    }
  }

  get scanned(): boolean {
    return this.#scanned;
  }

  async ids(): Promise<string[]> {
    await this.#refreshListing();
    return [...this.#entries.keys()];
  }

  async find(id: string): Promise<LibraryEntry | undefined> {
    await this.#refreshListing();
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (this.#isStale(entry.validatedAt)) {
      entry.validation ??= this.#validate(entry).finally(() => {
        entry.validation = undefined;
      });
      await entry.validation;
    }
    const { content, file } = entry;
    if (content === undefined) return undefined;
    const open = async () => {
      const onReplaced = () => {
        entry.validatedAt = Number.NEGATIVE_INFINITY;
      };
      const { blocks } = this.#options;
      const source = await openRemoteAsset(entry, content, {
        blocks,
        identities: this.#identities,
        onReplaced,
      });
      return { source, asset: await openAsset(source, { name: file }) };
    };
    const revision = `${redactUrl(entry.url)} ${content.size} ${content.validator}`;
    const { size: bytes, lastModified: changedAt } = content;
    return { id, file, backend: "asset", revision, bytes, changedAt, open };
  }

  async close(): Promise<void> {
    this.#options.origin.close();
  }

  #isStale(time: number): boolean {
    return performance.now() - time > this.#options.refreshSeconds * 1000;
  }

  async #validate(entry: RemoteEntry): Promise<void> {
    const { blocks, onError } = this.#options;
    const previous = entry.validatedAt !== Number.NEGATIVE_INFINITY ? entry.content : undefined;
    try {
      if (previous === undefined || !(await isUnchanged(entry, previous))) {
        entry.content = await fetchFirstBlock(entry, blocks);
      }
    } catch (error) {
      if (previous === undefined) throw error;
      onError(error);
    }
    entry.validatedAt = performance.now();
  }

  async #refreshListing(): Promise<void> {
    if (!this.#isStale(this.#listedAt)) return;
    this.#listing ??= this.#readListing().finally(() => {
      this.#listing = undefined;
    });
    await this.#listing;
  }

  async #readListing(): Promise<void> {
    try {
      const assets = await this.#readPages();
      if (assets !== undefined) this.#updateEntries(assets);
      this.#scanned = true;
    } catch (error) {
      if (!this.#scanned) throw error;
      this.#options.onError(error);
    }
    this.#listedAt = performance.now();
  }

  /** Reads all pages of the listing; undefined if it has not changed. */
  async #readPages(): Promise<ReadonlyMap<string, URL> | undefined> {
    const { url: firstPage, origin } = this.#options;
    const assets = new Map<string, URL>();
    let etag = "";
    let bytesLeft = MAX_LISTING_BYTES;
    let pages = 0;
    for (let page: URL | undefined = firstPage; page !== undefined; ) {
      const url: URL = page;
      const headers = {
        accept: "application/json, application/xml;q=0.9",
        ...(url === firstPage && this.#listingEtag !== "" && { "if-none-match": this.#listingEtag }),
      };
      const read = async (response: OriginResponse) => {
        const { status } = response;
        if (status === 304) return undefined;
        if (status < 200 || status > 299) throw new NonRetryableOriginError(`returned status ${status}`);
        if (++pages > MAX_PAGES) {
          throw new NonRetryableOriginError(`returned a listing of more than ${MAX_PAGES} pages`);
        }
        const bytes = await response.read(Math.min(bytesLeft, MAX_PAGE_BYTES));
        bytesLeft -= bytes.length;
        if (url === firstPage) etag = response.header("etag");
        return parseListing(new TextDecoder().decode(bytes), url);
      };
      const listing = await origin.get({ url, name: "the video listing", headers, read });
      if (listing === undefined) return undefined;
      for (const [name, assetUrl] of listing.assets) {
        const id = normalizeId(name);
        if (!assets.has(id)) assets.set(id, assetUrl);
      }
      page = listing.next;
      // The ETag covers only the first page: a listing of several pages cannot be revalidated with it.
      if (page !== undefined) etag = "";
    }
    this.#listingEtag = etag;
    return assets;
  }

  #updateEntries(assets: ReadonlyMap<string, URL>): void {
    for (const id of this.#entries.keys()) if (!assets.has(id)) this.#entries.delete(id);
    for (const [id, url] of assets) {
      const entry = this.#entries.get(id);
      if (entry !== undefined && redactUrl(entry.url) === redactUrl(url)) entry.url = url;
      else this.#addEntry(id, url);
    }
  }

  #addEntry(id: string, url: URL): void {
    this.#entries.set(id, {
      origin: this.#options.origin,
      url,
      file: `${id}${ASSET_EXTENSION}`,
      content: undefined,
      validatedAt: Number.NEGATIVE_INFINITY,
      validation: undefined,
    });
  }
}
