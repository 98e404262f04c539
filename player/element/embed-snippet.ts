import { SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
/** What an embedded player begins with. */
export interface EmbedOptions {
  /** Seconds; default 0. */
  readonly start?: number;
  /** Browsers allow it without sound only, so `muted` is wanted with it. Default false. */
  readonly autoplay?: boolean;
  /** Default false. */
  readonly muted?: boolean;
  /** Default false. */
  readonly loop?: boolean;
}

/** A video to embed. */
export interface EmbeddedVideo extends EmbedOptions {
  /** Absolute address of the server's folder, with or without a slash at its end. */
  readonly root: string;
  readonly id: string;
  /** Source pixels: the shape that the frame takes. */
  readonly width: number;
  readonly height: number;
  /** What opens the video on a server that asks for signatures. Default: none. */
  readonly signature?: string;
  /** Default: the id. */
  readonly title?: string;
}

const escapeAttribute = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`);

const folder = (root: string): string => `${root.replace(/\/+$/, "")}/`;

/** Address of the page that shows nothing but the video. */
export function embedUrl({ root, id, signature, start, autoplay, muted, loop }: EmbeddedVideo): string {
  const url = new URL(`player/embed/${encodeURIComponent(id)}`, folder(root));
  if (start !== undefined && start > 0) url.searchParams.set("start", String(start));
  for (const [name, wanted] of Object.entries({ autoplay, muted, loop })) {
    if (wanted === true) url.searchParams.set(name, "1");
  }
  if (signature !== undefined) url.searchParams.set(SIGNATURE_PARAMETER, signature);
  return url.href;
}

/** An iframe that keeps the video's shape at any width, to copy into a page. */
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

/** The element itself and the module that defines it, to copy into a page. */
export function elementSnippet(video: EmbeddedVideo): string {
  const root = folder(video.root);
  const flags = (["autoplay", "muted", "loop"] as const).filter((name) => video[name] === true);
  const address = new URL(encodeURIComponent(video.id), root);
  if (video.signature !== undefined) address.searchParams.set(SIGNATURE_PARAMETER, video.signature);
  const src = escapeAttribute(address.href);
  const module = escapeAttribute(new URL("player/siedd-player.js", root).href);
  return [
    `<script type="module" src="${module}"></script>`,
    `<siedd-player ${[`src="${src}"`, ...flags].join(" ")}></siedd-player>`,
  ].join("\n");
}
