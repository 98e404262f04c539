/** Loads the init segments of a video's sizes, each only once. */
export class InitSegments {
  readonly #abort = new AbortController();
  /** By URL. */
  readonly #requests = new Map<string, Promise<ArrayBuffer>>();

  /** Rejects with the Response if its status is not OK, or as `fetch` does. A failed request is not cached. */
  get(url: string): Promise<ArrayBuffer> {
    const known = this.#requests.get(url);
    if (known !== undefined) return known;
    const request = fetch(url, { signal: this.#abort.signal }).then((response) => {
      if (!response.ok) throw response;
      return response.arrayBuffer();
    });
    this.#requests.set(url, request);
    request.catch(() => this.#requests.delete(url));
    return request;
  }

  destroy(): void {
    this.#abort.abort();
  }
}

/** Prepends the init segment to the media segment in a loader's response. */
export async function prependInit(
  init: Promise<ArrayBuffer>,
  response: { data?: string | ArrayBuffer | object },
): Promise<void> {
  const initBytes = new Uint8Array(await init);
  if (!(response.data instanceof ArrayBuffer)) return;
  const joined = new Uint8Array(initBytes.length + response.data.byteLength);
  joined.set(initBytes);
  joined.set(new Uint8Array(response.data), initBytes.length);
  response.data = joined.buffer;
}
