import type { SizeLimits } from "../../protocol/size-limits.js";
import { encodeId } from "../../protocol/url-parameters.js";
import type { CatalogListing, ListedVideo } from "../catalog/catalog.js";
import { posterUrl } from "../render/poster.js";
import type { Video } from "../video/video.js";
import { escapeHtml } from "./escape-html.js";

/** The comment in the template that the list replaces. */
const LIST_PLACEHOLDER = /<!-- videos -->/;

/** The template's link to the page itself. */
const HOME_LINK = 'href="./"';

const EMPTY_LIST =
  '<p id="empty">There are no videos yet. Add one to the folder with <code>siedd encode video.mp4 -o video.siedd</code>, then reload this page.</p>';

/** What determines the links of the page. */
export interface CatalogPageOptions {
  readonly limits: SizeLimits;
  /** Adds the signature that opened the page to a link. */
  readonly sign: (link: string) => string;
}

/** Renders the catalog into the page's template, so that the list works without JavaScript. */
export function renderCatalogPage(
  template: string,
  { entries, problems }: CatalogListing,
  options: CatalogPageOptions,
): string {
  const items = entries.map((entry) => renderItem(entry, options));
  const list = entries.length > 0 ? `<ul id="videos">\n${items.join("\n")}\n</ul>` : EMPTY_LIST;
  const content = list + renderProblems(problems);
  // Replaced by a function: in a string, "$" in a file name would be a pattern.
  return template
    .replace(LIST_PLACEHOLDER, () => content)
    .replace(HOME_LINK, () => `href="${escapeHtml(options.sign("./"))}"`);
}

function renderProblems(problems: CatalogListing["problems"]): string {
  if (problems.length === 0) return "";
  const items = problems.map(
    ({ file, message }) => `<li><strong>${escapeHtml(file)}</strong> ${escapeHtml(message)}</li>`,
  );
  return `<details id="problems"><summary>${problems.length} not served</summary><ul>${items.join("")}</ul></details>`;
}

function renderItem({ id, bytes, opened }: ListedVideo, { limits, sign }: CatalogPageOptions): string {
  const folder = encodeId(id);
  const facts = [...(opened === undefined ? [] : videoFacts(opened.video)), formatBytes(bytes)];
  const poster = sign(`${folder}/${opened === undefined ? "poster.jpg" : posterUrl(opened, limits)}`);
  const playlist = sign(`${folder}/master.m3u8`);
  return [
    `<li><a href="#${escapeHtml(folder)}" data-id="${escapeHtml(id)}" data-src="${escapeHtml(sign(folder))}">`,
    `<img class="poster" src="${escapeHtml(poster)}" alt="" loading="lazy">`,
    `<span class="label">${escapeHtml(id)}</span></a>`,
    `<p class="about">${facts.join(" · ")} <a href="${escapeHtml(playlist)}" aria-label="HLS playlist of ${escapeHtml(id)}">HLS</a></p></li>`,
  ].join("");
}

const videoFacts = ({ duration, width, height, audio }: Video): string[] => [
  formatDuration(duration),
  `${width} × ${height}`,
  ...(audio.length === 0 ? ["no audio"] : []),
];

/** Formats seconds as `m:ss`, or `h:mm:ss` from one hour. */
function formatDuration(seconds: number): string {
  const total = Math.max(1, Math.round(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(total / 3600), Math.floor(total / 60) % 60];
  const paddedSeconds = pad(total % 60);
  return hours === 0 ? `${minutes}:${paddedSeconds}` : `${hours}:${pad(minutes)}:${paddedSeconds}`;
}

/** Formats a byte count with three significant digits and a decimal unit. */
function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${units[unit]}`;
}
