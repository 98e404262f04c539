import { encodeId, SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";

/** Playback options of an embedded player. */
export interface EmbedOptions {
  /** Start position in seconds. Default: 0. */
  readonly start?: number;
  /** Browsers only allow it without audio, so set `muted` too. Default: false. */
  readonly autoplay?: boolean;
  /** Default: false. */
  readonly muted?: boolean;
  /** Default: false. */
  readonly loop?: boolean;
}

/** A video to embed. */
export interface EmbeddedVideo extends EmbedOptions {
  /** Absolute URL of the server's catalog, with or without a trailing slash. */
  readonly root: string;
  readonly id: string;
  /** Size in source pixels, for the aspect ratio of the iframe. */
  readonly width: number;
  readonly height: number;
  /** Signature for a server that requires one. Default: none. */
  readonly signature?: string;
  /** Accessible name of the iframe. Default: the id. */
  readonly title?: string;
}

const escapeAttribute = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);

const folder = (root: string): string => `${root.replace(/\/+$/, "")}/`;

/** Returns the URL of the page that shows only the video. */
export function embedUrl({ root, id, signature, start, autoplay, muted, loop }: EmbeddedVideo): string {
  const url = new URL(`player/embed/${encodeId(id)}`, folder(root));
  if (start !== undefined && start > 0) url.searchParams.set("start", String(start));
  for (const [name, enabled] of Object.entries({ autoplay, muted, loop })) {
    if (enabled === true) url.searchParams.set(name, "1");
  }
  if (signature !== undefined) url.searchParams.set(SIGNATURE_PARAMETER, signature);
  return url.href;
}

/** Returns the HTML of an iframe that keeps the aspect ratio of the video at any width. */
export function embedSnippet(video: EmbeddedVideo): string {
  const { width, height, title, id } = video;
  const attributes = [
    `src="${escapeAttribute(embedUrl(video))}"`,
    `title="${escapeAttribute(title ?? id)}"`,
    `style="border: 0; width: 100%; aspect-ratio: ${width} / ${height}"`,
    'allow="autoplay; fullscreen; picture-in-picture"',
    "allowfullscreen",
  ];
  return `<iframe ${attributes.join(" ")}></iframe>`;
}

/** Returns the HTML of the player element and of the module that defines it. */
export function elementSnippet(video: EmbeddedVideo): string {
  const root = folder(video.root);
  const flags = (["autoplay", "muted", "loop"] as const).filter((name) => video[name] === true);
  const url = new URL(encodeId(video.id), root);
  if (video.signature !== undefined) url.searchParams.set(SIGNATURE_PARAMETER, video.signature);
  const src = escapeAttribute(url.href);
  const module = escapeAttribute(new URL("player/siedd-player.js", root).href);
  return [
    `<script type="module" src="${module}"></script>`,
    `<siedd-player ${[`src="${src}"`, ...flags].join(" ")}></siedd-player>`,
  ].join("\n");
}
