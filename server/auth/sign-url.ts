import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import { invalidOption, ServeError } from "../errors.js";
import { idOfDecodedPath } from "../request/video-path.js";
import { rejectUnknownOptions } from "../unknown-options.js";
import { type SignKey, type SignScope, sign } from "./signature.js";

const SCOPES: readonly SignScope[] = ["video", "path", "all"];

/** What a signed URL allows, and when it expires. */
export interface SignUrlOptions {
  /** One of the server's `signKeys`. */
  readonly key: SignKey;
  /** When the URL expires: a date, or seconds from now (above 0). */
  readonly expires: Date | number;
  /**
   * What the signature covers. `video`: the video of the URL, with everything its playlists link to. `path`: only this
   * path, including its region and size; use it for an image or a file, not for a playlist, whose links have other
   * paths. `all`: every video and the catalog.
   *
   * @default "video"
   */
  readonly scope?: SignScope;
  /**
   * Maximum length of the output's longer side.
   *
   * @default the server's `maxSide`
   * @minimum 1
   * @maximum 9999999
   * @unit pixels
   */
  readonly maxSide?: number;
  /**
   * Maximum area of the output, width times height.
   *
   * @default the server's `maxArea`
   * @minimum 1
   * @maximum 999999999999
   * @unit pixels
   */
  readonly maxArea?: number;
  /**
   * The prefix that the plugin is registered with.
   *
   * @default none
   */
  readonly prefix?: string;
}

const OPTION_NAMES = [
  "key",
  "expires",
  "scope",
  "maxSide",
  "maxArea",
  "prefix",
] as const satisfies readonly (keyof SignUrlOptions)[];

/**
 * Signs a URL for a server with `signKeys`. The URL may be absolute or only a path, and the result has the same form.
 * The server adds the signature to the links in its playlists.
 *
 * @throws ServeError `bad-option`
 */
export function signUrl(url: string, options: SignUrlOptions): string {
  const { key, expires, scope = "video", maxSide, maxArea, prefix = "" } = options;
  rejectUnknownOptions("signUrl options", options, OPTION_NAMES);
  assertSignKey(key, "signUrl options.key");
  for (const [name, value, max] of [
    ["maxSide", maxSide, 9_999_999],
    ["maxArea", maxArea, 999_999_999_999],
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= max)) {
      throw invalidOption(`signUrl options.${name}`, `an integer from 1 to ${max}`, value);
    }
  }
  if (!SCOPES.includes(scope)) {
    throw invalidOption("signUrl options.scope", `one of ${SCOPES.join(", ")}`, scope);
  }
  const expiresAt = expirySeconds(expires);
  const placeholderOrigin = "http://relative.invalid";
  if (!URL.canParse(url, placeholderOrigin)) throw invalidOption("signUrl url", "a URL or a path", url);
  const parsed = new URL(url, placeholderOrigin);
  const folder = `/${prefix.replace(/^\/+|\/+$/g, "")}/`.replace("//", "/");
  if (!parsed.pathname.startsWith(folder)) {
    throw invalidOption("signUrl url", `a path below "${folder}"`, parsed.pathname);
  }
  const path = decodePath(parsed.pathname.slice(folder.length));
  const id = idOfDecodedPath(path);
  if (id === "" && scope !== "all") {
    throw invalidOption(
      "signUrl url",
      "a path that contains a video id",
      parsed.pathname,
      'or use scope "all"',
    );
  }
  parsed.searchParams.set(
    SIGNATURE_PARAMETER,
    sign({ id, path }, { key, expires: expiresAt, scope, maxSide, maxArea }),
  );
  const isRelative = parsed.origin === placeholderOrigin;
  return isRelative ? `${parsed.pathname}${parsed.search}${parsed.hash}` : parsed.href;
}

/** Converts an expiry to seconds since 1970. A date may be in the past; a number of seconds from now must be > 0. */
function expirySeconds(expires: unknown): number {
  const seconds =
    expires instanceof Date
      ? expires.getTime() / 1000
      : typeof expires === "number" && expires > 0
        ? Date.now() / 1000 + expires
        : Number.NaN;
  // The token has room for 9 base-36 digits.
  if (seconds > 0 && seconds < 36 ** 9) return seconds;
  throw invalidOption("signUrl options.expires", "a date, or a number of seconds > 0 from now", expires);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidOption("signUrl url", "a path percent-encoded as UTF-8", path);
  }
}

/**
 * Validates a key.
 *
 * @param path names the key in messages, such as `signUrl options.key`
 * @throws ServeError `bad-option` if the id is malformed or the secret is too short
 */
export function assertSignKey(key: SignKey, path: string): void {
  if (typeof key?.id !== "string" || !/^[\w-]{1,32}$/.test(key.id)) {
    throw invalidOption(`${path}.id`, "1 to 32 letters, digits, _ or -", key?.id);
  }
  if (typeof key.secret !== "string" || key.secret.length < 16) {
    // Without the value, which is a secret even if it is too short.
    throw new ServeError("bad-option", `${path}.secret must have at least 16 characters`);
  }
  rejectUnknownOptions(path, key, ["id", "secret"]);
}
