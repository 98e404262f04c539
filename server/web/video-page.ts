import { TILE_PRESETS } from "../../encoder/options.js";
import { formatBytes } from "../../protocol/format-bytes.js";
import { encodeId } from "../../protocol/url-parameters.js";
import type { CatalogEntry } from "../catalog/catalog.js";
import { type EncodeStatus, renderStatus } from "./encode-status.js";
import { escapeHtml } from "./escape-html.js";
import { formatDuration } from "./format.js";
import { fillTemplate } from "./page-template.js";
import { videoTitle } from "./video-title.js";

/** What determines the links and the controls on the page. */
export interface VideoPageOptions {
  readonly status: EncodeStatus;
  /** Whether the viewer may control the encode, and there is a source to encode. */
  readonly canEncode: boolean;
  /** Absolute URL of the video's oEmbed response, for discovery. */
  readonly oembedUrl: string;
  /** Adds the signature that opened the page to a link. */
  readonly sign: (link: string) => string;
  /** HTML of the server's load; "" for viewers who may not see it. */
  readonly serverLoad: string;
}

/** Renders the page of a video. Its links are relative to `/player/video/:id`. */
export function renderVideoPage(
  template: string,
  entry: CatalogEntry,
  { status, canEncode, oembedUrl, sign, serverLoad }: VideoPageOptions,
): string {
  const { id, version } = entry;
  const parts = id.split("/");
  // The path of the page has one part more per folder of the id.
  const root = `../../${"../".repeat(parts.length - 1)}`;
  const src = `${root}${encodeId(id)}`;
  return fillTemplate(template, {
    root,
    title: escapeHtml(videoTitle({ id, opened: entry })),
    home: escapeHtml(sign(root)),
    folders: renderFolders(parts.slice(0, -1), (query) => sign(`${root}${query}`)),
    id: escapeHtml(id),
    src: escapeHtml(sign(src)),
    playlist: escapeHtml(sign(`${src}/master.m3u8`)),
    oembed: escapeHtml(oembedUrl),
    about: `<div id="about" data-version="${version}">${renderFacts(entry)}<p class="status">${renderStatus(status)}</p></div>`,
    encode: canEncode ? renderControls(status) : "",
    server: serverLoad,
  });
}

/** Renders links to the folders of the video. */
function renderFolders(names: readonly string[], link: (query: string) => string): string {
  const items = names.map((name, i) => {
    const folder = new URLSearchParams({ folder: names.slice(0, i + 1).join("/") });
    return `<li><a href="${escapeHtml(link(`?${folder}`))}">${escapeHtml(name)}</a></li>`;
  });
  return `<li><a href="${escapeHtml(link(""))}">Videos</a></li>${items.join("")}`;
}

function renderFacts({ video, stored }: CatalogEntry): string {
  const { width, height, duration, frameCount, frameRate, bytes } = video;
  const rate = Number((frameRate.num / frameRate.den).toFixed(3));
  const facts: [string, string][] = [
    ["Stored in", formatBytes(bytes)],
    ["Source size", `${width} × ${height}`],
    ["Duration", formatDuration(duration)],
    ["Frames", `${frameCount.toLocaleString("en-US")} at ${rate} per second`],
    ...(stored === undefined ? [] : [["Groups", `${stored.asset.groups.length}`] as [string, string]]),
  ];
  const items = facts.map(([term, value]) => `<div><dt>${term}</dt><dd>${value}</dd></div>`);
  return `<dl id="facts">${items.join("")}</dl>`;
}

/** Renders the controls of an operator: those that change something in the current state. */
function renderControls({ encoding }: EncodeStatus): string {
  const state = encoding?.state ?? "none";
  const button = (action: string, label: string, ...states: readonly string[]) =>
    states.includes(state)
      ? `<button type="button" class="button" data-action="${action}">${label}</button>`
      : "";
  const presets = TILE_PRESETS.map(
    (preset) => `<option${preset === "balanced" ? " selected" : ""}>${preset}</option>`,
  );
  return [
    '<div id="encode" role="group" aria-label="Encoding">',
    button("pause", "Pause encode", "waiting", "training"),
    button("resume", "Resume encode", "paused", "canceled"),
    button("retry", "Retry encode", "failed"),
    button("cancel", "Cancel encode", "waiting", "training", "paused", "failed"),
    `<span class="again"><label for="preset">Preset</label> <select id="preset">${presets.join("")}</select>`,
    '<button type="button" class="button" data-action="reencode">Encode with this preset</button></span></div>',
  ].join("");
}
