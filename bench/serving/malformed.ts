import type { Random } from "../../encoder/training/sampling/random.js";

// Generates malformed requests as raw bytes, because an HTTP client would not send them.

/** Files outside the root, and files in it that are not served. No response may contain their bytes. */
export const FORBIDDEN = [
  "../outside.siedd",
  "../secret.txt",
  "notes.txt",
  ".hidden.siedd",
  "sub/inside.siedd",
];

const SIZES = [
  "64,36",
  "32,",
  ",36",
  "max",
  "%5E340,",
  "!40,40",
  "pct:12",
  "square",
  "0,0",
  "-1,5",
  "1e3,2",
  "99999999,2",
];
const INVALID_SIZES = [
  "^",
  "%5E",
  "%5E%5E64,36",
  "64,36,2",
  "64;36",
  ",",
  "pct:",
  "pct:1e308",
  "NaN,NaN",
  "16.5,9",
  "８,８",
  "64,%00",
];
const REGIONS = [
  "full",
  "square",
  "0,0,64,36",
  "pct:0,0,50,50",
  "pct:10,10,0.001,0.001",
  "400,0,1,1",
  "0,0,0,0",
];
const INVALID_REGIONS = [
  "pct:",
  "-1,0,5,5",
  "0,0,1e9,1e9",
  "1,2,3",
  "0,0,999999999999,1",
  "full,full",
  "pct:NaN,0,1,1",
  "%66ull",
];
const NUMBERS = [
  "0",
  "1",
  "2",
  "3",
  "-1",
  "007",
  "1e1",
  "0x1",
  "999999999",
  "9999999999",
  "1.5",
  "%30",
  "NaN",
  "",
];
const IDS = [
  "video",
  "broken",
  "outside",
  "..%2foutside",
  "..%5coutside",
  "%2e%2e",
  "notes.txt",
  "video%00",
  "VIDEO",
  "player",
];
const ODD = [
  "../",
  "..",
  "%2e%2e%2f",
  "..%2f",
  "..%5c",
  "%00",
  "%",
  "%zz",
  "%c0%ae%c0%ae/",
  "//",
  "/./",
  ";",
  "\\",
  "?",
  "#",
  "\u00e9",
  "%e2%98%83",
  "~",
  "*",
  " ",
];

/** Values of the Range header, most of them malformed. */
const RANGES = [
  "bytes=0-0",
  "bytes=-1",
  "bytes=5-",
  "bytes=-0",
  "bytes=9-2",
  "bytes=0-0,5-6",
  "bytes=a-b",
  "bytes=",
  "items=0-1",
  "bytes=0-99999999999999999999",
  "bytes=--1",
  "bytes 0-1",
  "bytes=1-2-3",
  `bytes=${"0-1,".repeat(500)}0-1`,
];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ["Range", RANGES],
  ["If-Range", ['"x"', 'W/"x"', "Tue, 99 Foo 2020", "x", '"']],
  ["If-None-Match", ["*", '"x', 'W/"x", "y"', ",,,", `"${"x".repeat(3000)}"`]],
  ["If-Match", ["*", '"x"', ""]],
  ["If-Modified-Since", ["yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "0"]],
  ["Accept", ["text/html;q=2", "text/html", "*/*;q=0,,;;", "a/b/c", ""]],
  [
    "CMCD-Request",
    ["dl=-1", "dl=1e99,su", 'nor="..%2F..%2F..%2Fetc%2Fpasswd"', 'nor="', "dl=", "=,=,=", 'nor="%E0%A4%A"'],
  ],
  ["X-Forwarded-For", ["127.0.0.1, ::1", "x", "%00"]],
  ["Origin", ["null", "http://x", "\u0001"]],
  ["Accept-Encoding", ["gzip, br;q=9", "identity;q=0, *;q=0"]],
  ["Content-Length", ["5", "-1", "x"]],
  ["Transfer-Encoding", ["chunked", "gzip"]],
  ["Expect", ["100-continue", "nothing"]],
  ["X-Long", ["y".repeat(9000), "y".repeat(20_000)]],
  ["Cookie", ["a=b; c", "="]],
];
const METHODS = ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "FOO", "CONNECT"];
const QUERIES = [
  "v=x",
  "v=x&v=y",
  "v[]=1",
  "v=%00",
  "CMCD=%22",
  "width=1e9&height=-5",
  "width=64&width=64",
  "region=..%2f",
  "__proto__[x]=1",
  "sig=a.b.c",
  "=&=&",
  "%",
  "constructor=1",
];

/** Generates a reproducible sequence of malformed requests. */
export class MalformedRequests {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Returns a request, from the request line to the blank line. */
  next(): Buffer {
    const lines = [
      `${this.#method()} ${this.#target()} HTTP/${this.#chance(0.01) ? this.#pick(["1.0", "9.9", "x"]) : "1.1"}`,
    ];
    if (!this.#chance(0.01))
      lines.push(`Host: ${this.#chance(0.02) ? this.#pick(["", "a b", "x".repeat(300)]) : "localhost"}`);
    lines.push("Connection: close");
    while (this.#chance(0.35)) {
      const [name, values] = this.#pick(HEADERS);
      lines.push(`${name}: ${this.#pick(values)}`);
      // Duplicates the header.
      if (this.#chance(0.1)) lines.push(`${name}: ${this.#pick(values)}`);
    }
    const text = `${lines.join("\r\n")}\r\n\r\n`;
    const bytes = Buffer.from(text, this.#chance(0.5) ? "utf8" : "latin1");
    // Occasionally corrupts one byte.
    if (this.#chance(0.02)) bytes[this.#below(bytes.length)] = this.#below(256);
    return bytes;
  }

  #method(): string {
    return this.#chance(0.06) ? this.#pick(METHODS) : this.#chance(0.1) ? "HEAD" : "GET";
  }

  #target(): string {
    let path = this.#path();
    while (this.#chance(0.25)) {
      const at = this.#below(path.length + 1);
      path = path.slice(0, at) + this.#pick(ODD) + path.slice(at + (this.#chance(0.3) ? 1 : 0));
    }
    if (this.#chance(0.01)) path += "/x".repeat(this.#below(4000));
    if (this.#chance(0.01)) path = path.slice(this.#below(path.length));
    return this.#chance(0.25) ? `${path}?${this.#pick(QUERIES)}` : path;
  }

  #path(): string {
    if (this.#chance(0.05)) return `/${this.#pick(FORBIDDEN)}`;
    if (this.#chance(0.05))
      return `/player/${this.#pick([...FORBIDDEN, "../../package.json", "..%2f..%2fpackage.json", ""])}`;
    if (this.#chance(0.04))
      return this.#pick([
        "/",
        "/healthz",
        "/metrics",
        "//",
        "*",
        "http://localhost/video/asset",
        "/index.html",
        "/%",
      ]);
    const id = this.#chance(0.6) ? "video" : this.#pick(IDS);
    const number = this.#pick(NUMBERS);
    // Valid requests are rare, because they cost decoding work.
    const isInvalid = this.#chance(0.9);
    const region = isInvalid ? this.#pick([...REGIONS, ...INVALID_REGIONS]) : this.#pick(REGIONS);
    const size = isInvalid ? this.#pick([...INVALID_SIZES, ...SIZES]) : this.#pick(SIZES);
    const folder = `/${id}/${region}/${size}`;
    return this.#pick([
      `/${id}/asset`,
      `/${id}/asset`,
      `/${id}/info.json`,
      `/${id}/master.m3u8`,
      `/${id}/manifest.mpd?size=${size}`,
      `/${id}/elastic.m3u8`,
      `/${id}/storyboard.vtt`,
      `/${id}/storyboard-${number}.jpg`,
      `/${id}/audio-${number}/seg-${this.#pick(NUMBERS)}.m4s`,
      `/${id}/audio-${number}/index.m3u8`,
      `/${id}/text-${number}/index.m3u8`,
      `/${id}/${region}/elastic/index.m3u8`,
      `${folder}/index.m3u8`,
      `${folder}/playlist.m3u8`,
      `${folder}/index.mpd`,
      `${folder}/init.mp4`,
      `${folder}/seg-${number}.m4s`,
      `${folder}/elastic-${number}.m4s`,
      `${folder}/iframe-${number}.m4s`,
      `${folder}/frame-${number}.${this.#pick(["jpg", "png", "webp", "avif", "gif", "JPG", "jpg.png", ""])}`,
    ]);
  }

  #below(count: number): number {
    return (this.#random.int32() >>> 0) % count;
  }

  #chance(probability: number): boolean {
    return this.#random.int32() >>> 0 < probability * 2 ** 32;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)] as T;
  }
}
