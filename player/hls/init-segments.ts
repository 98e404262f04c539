/** The init segments of a video's sizes, each asked for once. */
export class InitSegments {
  readonly #life = new AbortController();
  readonly #known = new Map<string, Promise<ArrayBuffer>>();

  /** Rejects with the answer that was none, or as fetch does. */
  get(url: string): Promise<ArrayBuffer> {
    const known = this.#known.get(url);
    if (known !== undefined) return known;
    const init = fetch(url, { signal: this.#life.signal }).then((answer) => {
      if (!answer.ok) throw answer;
      return answer.arrayBuffer();
    });
    this.#known.set(url, init);
    init.catch(() => this.#known.delete(url));
    return init;
  }

  destroy(): void {
    this.#life.abort();
  }
}

/** Puts the init segment in front of the media segment that an answer holds. */
export async function withInit(
  init: Promise<ArrayBuffer>,
  answer: { data?: string | ArrayBuffer | object },
): Promise<void> {
  const first = new Uint8Array(await init);
  if (!(answer.data instanceof ArrayBuffer)) return;
  const both = new Uint8Array(first.length + answer.data.byteLength);
  both.set(first);
  both.set(new Uint8Array(answer.data), first.length);
  answer.data = both.buffer;
}
