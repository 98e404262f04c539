import type { FastifyRequest } from "fastify";
import { RequestError } from "../errors.js";
import { isCrossOrigin, isLocalRequest } from "./local-request.js";

/**
 * What a request does: it plays or shows videos (`view`), controls encodes or reads statistics (`operate`), or adds a
 * video (`upload`).
 */
export type Action = "view" | "operate" | "upload";

/**
 * Decides whether a request is allowed, before any work is done. Return true to allow it, false to respond with 403, or
 * a number from 400 to 599 to respond with that status. Undefined allows `view`; it allows `operate` and `upload` only
 * from the same machine, as without this function. The status of a thrown error is its `statusCode` if that is from 400
 * to 499, and otherwise 500.
 *
 * @param video undefined for the catalog, for statistics and for uploads
 * @param action what the request does; a function that returns true for viewers must check it
 */
export type Authorize = (
  request: FastifyRequest,
  video: AuthorizedVideo | undefined,
  action: Action,
) => undefined | boolean | number | Promise<undefined | boolean | number>;

/** The video that a request is about. */
export interface AuthorizedVideo {
  readonly id: string;
  /** File name, for display. */
  readonly file: string;
}

/** Decides who may do what. */
export class Permissions {
  readonly #authorize: Authorize | undefined;
  readonly #publicOrigin: string | undefined;

  /** @param publicUrl the option of that name */
  constructor(authorize: Authorize | undefined, publicUrl: string | undefined) {
    this.#authorize = authorize;
    this.#publicOrigin = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  }

  /** Whether `authorize` is called for requests that only view. */
  get restrictsViewing(): boolean {
    return this.#authorize !== undefined;
  }

  /** Rejects with RequestError `not-authorized`, or with what `authorize` throws. */
  async assertAllowed(
    request: FastifyRequest,
    video: AuthorizedVideo | undefined,
    action: Action,
  ): Promise<void> {
    const status = await this.#deniedStatus(request, video, action);
    if (status === undefined) return;
    const hint = action === "view" ? "" : hintFor(action);
    throw new RequestError("not-authorized", `access denied${hint}`, {}, status);
  }

  /** Whether an action is allowed. A page offers only what its viewer may do. */
  async allows(
    request: FastifyRequest,
    video: AuthorizedVideo | undefined,
    action: Action,
  ): Promise<boolean> {
    return this.#deniedStatus(request, video, action).then(
      (status) => status === undefined,
      () => false,
    );
  }

  /** @throws RequestError `cross-origin` if a page of another origin sends a write request */
  assertSameOrigin(request: FastifyRequest): void {
    if (!isCrossOrigin(request, this.#publicOrigin)) return;
    throw new RequestError(
      "cross-origin",
      "pages of other origins may only read; send it from a page of this server",
    );
  }

  /** Returns the status of the response that denies a request; undefined if it is allowed. */
  async #deniedStatus(
    request: FastifyRequest,
    video: AuthorizedVideo | undefined,
    action: Action,
  ): Promise<number | undefined> {
    const verdict = await this.#authorize?.(request, video && { id: video.id, file: video.file }, action);
    if (typeof verdict === "number") return assertErrorStatus(verdict);
    if (verdict === true) return undefined;
    if (verdict !== undefined) return 403;
    if (action === "view") return undefined;
    return isLocalRequest(request) && !isCrossOrigin(request, this.#publicOrigin) ? undefined : 403;
  }
}

const hintFor = (action: Action): string =>
  `; connect from the same machine without a proxy, or return true from authorize for the action "${action}"`;

/** @throws TypeError for a status that is not an error's */
function assertErrorStatus(status: number): number {
  if (Number.isInteger(status) && status >= 400 && status <= 599) return status;
  throw new TypeError(
    `siedd options.authorize must return true, false, undefined or a status from 400 to 599, got ${status}`,
  );
}
