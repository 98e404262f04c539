import { createHmac, timingSafeEqual } from "node:crypto";
import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import { RequestError } from "../errors.js";

/** A secret that signs URLs, and the id that names it in a signature. */
export interface SignKey {
  /** 1 to 32 letters, digits, `_` or `-`; visible in the URL. */
  readonly id: string;
  /** At least 16 characters; use random ones. */
  readonly secret: string;
}

/**
 * What a signature covers: `video` is one video with all its playlists, sizes, audio and images, `path` is one path, and
 * `all` is every video and the catalog.
 */
export type SignScope = "video" | "path" | "all";

/** What a valid signature allows. */
export interface Grant {
  readonly scope: SignScope;
  /** Seconds since 1970. */
  readonly expires: number;
  /** Maximum length of the output's longer side in pixels; undefined for the server's limit. */
  readonly maxSide: number | undefined;
  /** Maximum area of the output in pixels; undefined for the server's limit. */
  readonly maxArea: number | undefined;
  /** The value of the query parameter. */
  readonly signature: string;
}

const SCOPE_BY_LETTER: Readonly<Record<string, SignScope>> = { v: "video", p: "path", a: "all" };
const LETTER_BY_SCOPE: Readonly<Record<SignScope, string>> = { video: "v", path: "p", all: "a" };

/**
 * `<key id>.<expires>.<scope><maxSide>_<maxArea>.<mac>`: expires is seconds in base 36, the scope is its letter, and an
 * absent limit is empty. Everything before the MAC is called the terms.
 */
const TOKEN = /^([\w-]{1,32})\.([0-9a-z]{1,9})\.([vpa])(\d{0,7})_(\d{0,12})\.([\w-]{43})$/;

const mac = (secret: string, terms: string, subject: string): Buffer =>
  createHmac("sha256", secret).update(`siedd url 1\n${terms}\n${subject}`).digest();

/** The resource that a signature is made for, or checked against. */
export interface Subject {
  /** The decoded video id; undefined for the catalog. */
  readonly id: string | undefined;
  /** The decoded path below the plugin's prefix, `id/...`. */
  readonly path: string;
}

/** Returns the part of the subject that the MAC covers, besides the terms. */
const signedSubject = (scope: SignScope, { id = "", path }: Subject): string =>
  // Composed and decomposed forms of a name are one video.
  ({ all: "", path, video: id })[scope].normalize("NFC");

export interface SignedTerms {
  readonly key: SignKey;
  /** Seconds since 1970, rounded up. */
  readonly expires: number;
  readonly scope: SignScope;
  readonly maxSide?: number;
  readonly maxArea?: number;
}

/** Returns the value of the `sig` query parameter. */
export function sign(subject: Subject, { key, expires, scope, maxSide, maxArea }: SignedTerms): string {
  const seconds = Math.ceil(expires).toString(36);
  const terms = `${key.id}.${seconds}.${LETTER_BY_SCOPE[scope]}${maxSide ?? ""}_${maxArea ?? ""}`;
  return `${terms}.${mac(key.secret, terms, signedSubject(scope, subject)).toString("base64url")}`;
}

/**
 * Checks the signature of a request and returns its grant. The error does not reveal why a signature is bad.
 *
 * @param now seconds since 1970
 * @throws RequestError `bad-signature` or `expired-signature`
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
      `this URL requires a signature in the query parameter "${SIGNATURE_PARAMETER}"`,
    );
  }
  const match = typeof signature === "string" ? TOKEN.exec(signature) : null;
  const key = match && keys.find(({ id }) => id === match[1]);
  if (!match || !key) throw badSignature();
  const [token, , seconds, letter, maxSide, maxArea, actualMac] = match;
  const terms = token.slice(0, token.lastIndexOf("."));
  const scope = SCOPE_BY_LETTER[letter];
  const expectedMac = mac(key.secret, terms, signedSubject(scope, subject));
  // 43 characters are 32 bytes and two unused bits: accept only the canonical encoding.
  const bytes = Buffer.from(actualMac, "base64url");
  if (!timingSafeEqual(expectedMac, bytes) || bytes.toString("base64url") !== actualMac) throw badSignature();
  const expires = Number.parseInt(seconds, 36);
  if (expires <= now) {
    throw new RequestError("expired-signature", "signature expired; request a new URL");
  }
  const parseLimit = (text: string) => (text === "" ? undefined : Number(text));
  return { scope, expires, maxSide: parseLimit(maxSide), maxArea: parseLimit(maxArea), signature: token };
}

const badSignature = (): RequestError =>
  new RequestError("bad-signature", "invalid signature for this URL; request a new URL");
