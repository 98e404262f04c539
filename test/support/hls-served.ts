import assert from "node:assert/strict";
import type { MediaListing, ServedVideo } from "./hls-rules.js";
import type { TestServer } from "./running-server.js";

/** Fetches a master playlist and all media playlists that it lists. */
export async function fetchServedVideo(server: TestServer, master: string): Promise<ServedVideo> {
  const { status, text } = await server.get(master);
  assert.equal(status, 200);
  const media: MediaListing[] = [];
  const add = async (kind: MediaListing["kind"], uri: string) => {
    const url = new URL(uri, new URL(master, server.url)).href;
    const response = await server.get(url);
    assert.equal(response.status, 200, url);
    media.push({ kind, url, text: response.text });
  };
  const uriOf = (line: string) => /URI="([^"]+)"/.exec(line)?.[1] ?? "";
  for (const line of text.split("\n")) {
    if (line.startsWith("#EXT-X-MEDIA:TYPE=AUDIO")) await add("audio", uriOf(line));
    else if (line.startsWith("#EXT-X-MEDIA:TYPE=SUBTITLES")) await add("text", uriOf(line));
    else if (line.startsWith("#EXT-X-I-FRAME-STREAM-INF")) await add("keyframes", uriOf(line));
    else if (line.startsWith("#EXT-X-IMAGE-STREAM-INF")) await add("images", uriOf(line));
    else if (line !== "" && !line.startsWith("#")) await add("video", line);
  }
  return { master: { url: new URL(master, server.url).href, text }, media };
}

/** Returns the absolute URLs of the init segment and segments of a media playlist. */
export function parseMediaPlaylist({ url, text }: { readonly url: string; readonly text: string }): {
  readonly init: string | undefined;
  readonly segments: string[];
  /** Seconds. */
  readonly durations: number[];
} {
  const init = /EXT-X-MAP:URI="([^"]+)"/.exec(text)?.[1];
  return {
    init: init === undefined ? undefined : new URL(init, url).href,
    segments: text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => new URL(line, url).href),
    durations: [...text.matchAll(/^#EXTINF:([\d.]+),/gm)].map((match) => Number(match[1])),
  };
}
