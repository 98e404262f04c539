import { morph } from "./morph.js";

/** Milliseconds between two updates of a page. */
const POLL_INTERVAL_MS = 3000;
/** Minimum ratio of the time between two updates to the time that the server takes for one. */
const MIN_IDLE_RATIO = 10;

/** A page that keeps parts of itself up to date while it is visible. */
export class LivePage {
  readonly #ids: readonly string[];
  #timer: number | undefined;
  #running: XMLHttpRequest | undefined;

  /** @param ids of the elements that are updated */
  constructor(ids: readonly string[]) {
    this.#ids = ids;
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#timer);
      if (!document.hidden) void this.update();
    });
    this.#schedule(POLL_INTERVAL_MS);
  }

  /** Loads the page at its current URL and shows what has changed. Replaces an update that is running. */
  async update(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running?.abort();
    const request = new XMLHttpRequest();
    this.#running = request;
    const started = performance.now();
    const page = await loadDocument(request, location.href.split("#", 1)[0]);
    // Another update has replaced this one.
    if (this.#running !== request) return;
    this.#running = undefined;
    if (page !== null) this.#show(page);
    const elapsed = performance.now() - started;
    if (!document.hidden) this.#schedule(Math.max(POLL_INTERVAL_MS, elapsed * MIN_IDLE_RATIO));
  }

  #schedule(milliseconds: number): void {
    this.#timer = setTimeout(() => void this.update(), milliseconds);
  }

  #show(page: Document): void {
    for (const id of this.#ids) {
      const [present, current] = [document.getElementById(id), page.getElementById(id)];
      if (present !== null && current !== null) morph(present, current);
    }
  }
}

/**
 * Loads a page as a document, whose scripts do not run. Resolves to null if it cannot be loaded: the server may be
 * restarting. Trusted Types forbid to parse the text of a page.
 */
const loadDocument = (request: XMLHttpRequest, url: string): Promise<Document | null> =>
  new Promise((resolve) => {
    request.open("GET", url);
    request.responseType = "document";
    request.setRequestHeader("accept", "text/html");
    request.addEventListener("loadend", () => resolve(request.status === 200 ? request.responseXML : null));
    request.send();
  });
