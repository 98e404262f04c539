import { createHmac, timingSafeEqual } from "node:crypto";
import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import { RequestError } from "../errors.js";

/** A secret that signs URLs, and the name by which a URL says which one signed it. */
export interface SignKey {
  /** 1 to 32 letters, digits, `_` or `-`; it stands in the URL. */
  readonly id: string;
  /** At least 16 characters that nobody can guess. */
  readonly secret: string;
}

/**
 * What a signature opens: `video` one video with all its playlists, sizes, sound and pictures, `path` one path and
 * nothing else, `all` every video and the catalog.
 */
export type SignScope = "video" | "path" | "all";

/** What a signature that holds allows. */
export interface Grant {
  readonly scope: SignScope;
  /** Seconds since 1970. */
  readonly expires: number;
  /** Output pixels of the longer side at most; undefined: as many as the server allows. */
  readonly maxSide: number | undefined;
  /** Output pixels of a picture at most; undefined: as many as the server allows. */
  readonly maxArea: number | undefined;
  /** As it stood in the query. */
  readonly signature: string;
}

const SCOPES: Readonly<Record<string, SignScope>> = { v: "video", p: "path", a: "all" };
const LETTERS: Readonly<Record<SignScope, string>> = { video: "v", path: "p", all: "a" };

/** `key.expires.terms.mac`: seconds in base 36; terms are the scope's letter, then maxSide and maxArea or nothing. */
const TOKEN = /^([\w-]{1,32})\.([0-9a-z]{1,9})\.([vpa])(\d{0,7})_(\d{0,12})\.([\w-]{43})$/;

const mac = (secret: string, terms: string, subject: string): Buffer =>
  createHmac("sha256", secret).update(`siedd url 1\n${terms}\n${subject}`).digest();

/** What is asked for, or signed. */
export interface Subject {
  /** Of the video, decoded; undefined for the catalog. */
  readonly id: string | undefined;
  /** Decoded, below the plugin's prefix, `id/...`. */
  readonly path: string;
}

/** What a scope's signature is over, besides its terms. */
const subjectOf = (scope: SignScope, { id = "", path }: Subject): string =>
  ({ all: "", path, video: id })[scope];

export interface SignedTerms {
  readonly key: SignKey;
  /** Seconds since 1970, rounded up. */
  readonly expires: number;
  readonly scope: SignScope;
  readonly maxSide?: number;
  readonly maxArea?: number;
}

/** The value of `sig`. */
export function sign(subject: Subject, { key, expires, scope, maxSide, maxArea }: SignedTerms): string {
  const seconds = Math.ceil(expires).toString(36);
  const terms = `${key.id}.${seconds}.${LETTERS[scope]}${maxSide ?? ""}_${maxArea ?? ""}`;
  return `${terms}.${mac(key.secret, terms, subjectOf(scope, subject)).toString("base64url")}`;
}

/**
 * Checks the signature of a request. Throws RequestError `bad-signature` or `expired-signature`; which of the
 * possible faults a bad one has is not told.
 *
 * @param now seconds since 1970
 */
export function checkSignature(
  keys: readonly SignKey[],
  signature: unknown,
  subject: Subject,
  now: number,
): Grant {
  if (signature === undefined) {
    throw new RequestError(
      "bad-signature",
      `this address needs a signature: ask for one that has ?${SIGNATURE_PARAMETER}=`,
    );
  }
  const parts = typeof signature === "string" ? TOKEN.exec(signature) : null;
  const key = parts && keys.find(({ id }) => id === parts[1]);
  if (!parts || !key) throw badSignature();
  const [token, , seconds, letter, maxSide, maxArea, given] = parts;
  const terms = token.slice(0, token.lastIndexOf("."));
  const scope = SCOPES[letter];
  const wanted = mac(key.secret, terms, subjectOf(scope, subject));
  // 43 letters are 32 bytes and two bits that mean nothing: only one spelling of them is accepted.
  const bytes = Buffer.from(given, "base64url");
  if (!timingSafeEqual(wanted, bytes) || bytes.toString("base64url") !== given) throw badSignature();
  const expires = Number.parseInt(seconds, 36);
  if (expires <= now) {
    throw new RequestError(
      "expired-signature",
      "the signature of this address has expired; ask for a new one",
    );
  }
  const limit = (text: string) => (text === "" ? undefined : Number(text));
  return { scope, expires, maxSide: limit(maxSide), maxArea: limit(maxArea), signature: token };
}

const badSignature = (): RequestError =>
  new RequestError("bad-signature", "the signature does not fit this address; ask for a new one");
