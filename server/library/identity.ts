import { LRUCache } from "lru-cache";
import { type IdentifiableFile, sampledIdentity } from "../../media/probe/file-identity.js";

export type { IdentifiableFile } from "../../media/probe/file-identity.js";

/** Identities in memory, about 200 bytes each. */
const MAX_CACHED = 20_000;

/** Computes and caches the identities of files (see `sampledIdentity`). */
export class Identities {
  readonly #cache = new LRUCache<string, Promise<string>>({ max: MAX_CACHED });

  /**
   * Returns the identity of a file. Rejects with the errors of its reads.
   *
   * @param revision changes whenever the content may have changed, such as the path, size and modification time
   */
  of(revision: string, file: IdentifiableFile): Promise<string> {
    const cached = this.#cache.get(revision);
    if (cached !== undefined) return cached;
    const identity = sampledIdentity(file);
    this.#cache.set(revision, identity);
    identity.catch(() => {
      if (this.#cache.peek(revision) === identity) this.#cache.delete(revision);
    });
    return identity;
  }
}
