import { TRUSTED_TYPES_POLICY } from "../../protocol/trusted-types.js";
import { blockedByPolicy, type PlayerError } from "../errors.js";

/** Milliseconds between a violation of the page's CSP and the failure that it causes. */
const MAX_AGE_MS = 1000;

/** Sources that a CSP names by keyword, by the `blockedURI` of the violation. */
const KEYWORDS: Readonly<Record<string, string>> = {
  blob: "blob:",
  "wasm-eval": "'wasm-unsafe-eval'",
  "trusted-types-policy": TRUSTED_TYPES_POLICY,
};

/**
 * Explains failures that the page's Content Security Policy causes. Browsers tell scripts only that a request, a media
 * source or a worker has failed, and report the violated directive in an event of the document.
 */
export class PolicyViolations {
  readonly #src: string;
  #last: SecurityPolicyViolationEvent | null = null;

  /**
   * @param src URL of the video; violations by requests to other origins are not the player's
   * @param page the document of the player
   */
  constructor(src: string, page: Document, signal: AbortSignal) {
    this.#src = src;
    page.addEventListener(
      "securitypolicyviolation",
      (event) => {
        if (event.disposition === "enforce" && this.#source(event) !== undefined) this.#last ??= event;
      },
      { signal },
    );
  }

  /** Returns the error that names the violated directive, or the error itself if no directive has caused it. */
  explain(error: PlayerError): PlayerError {
    const event = this.#last;
    this.#last = null;
    if (event === null || performance.now() - event.timeStamp > MAX_AGE_MS) return error;
    return blockedByPolicy(event.effectiveDirective.replace("-elem", ""), this.#source(event)!, error);
  }

  /** Returns what the directive must allow; undefined for violations that are not the player's. */
  #source({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): string | undefined {
    if (!/^(connect|media|script|worker)-src|^trusted-types/.test(effectiveDirective)) return undefined;
    const { origin } = new URL(this.#src);
    return KEYWORDS[blockedURI] ?? (blockedURI.startsWith(`${origin}/`) ? origin : undefined);
  }
}
