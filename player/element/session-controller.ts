import type { Session } from "../session/session.js";

/** Opens and closes the session of a player element, and keeps what outlives a session. */
export class SessionController {
  /** Start position in seconds. Also keeps the position while the element is out of the document. */
  startAt = 0;
  #session: Session | null = null;
  #abortController: AbortController | null = null;
  /** Set by `play()` before the session has started, and cleared by `pause()`. */
  #playOnStart = false;
  readonly #createSession: (signal: AbortSignal) => Session | null;

  /** @param createSession returns null if there is nothing to load */
  constructor(createSession: (signal: AbortSignal) => Session | null) {
    this.#createSession = createSession;
  }

  get session(): Session | null {
    return this.#session;
  }

  open(): void {
    this.#abortController = new AbortController();
    this.#session = this.#createSession(this.#abortController.signal);
  }

  close(): void {
    this.#abortController?.abort();
    this.#abortController = null;
    this.#session = null;
  }

  /**
   * Opens the session if necessary and waits until the video has a source.
   *
   * @throws PlayerError if the video cannot be opened
   * @throws DOMException `AbortError` if `cancelPlay` is called or another video is loaded meanwhile
   */
  async waitUntilStarted(): Promise<void> {
    if (this.#session === null) this.open();
    const session = this.#session;
    if (session === null || session.started) return;
    this.#playOnStart = true;
    session.requestFrames();
    const failure = await session.whenStarted;
    if (failure !== null) throw failure;
    if (session !== this.#session || !this.#playOnStart) {
      throw new DOMException("play() was interrupted by pause() or by another video.", "AbortError");
    }
  }

  cancelPlay(): void {
    this.#playOnStart = false;
  }
}
