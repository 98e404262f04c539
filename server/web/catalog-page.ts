import type { SizeLimits } from "../../protocol/size-limits.js";
import type { CatalogEntry, CatalogListing } from "../catalog/catalog.js";
import { posterOf } from "../render/poster.js";

/** Where the page's document takes the list. */
const PLACE = /<!-- videos -->/;

/** The link to the page itself. */
const HOME = 'href="./"';

const SIGNS: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => SIGNS[sign]);

/**
 * The page with its videos in it, so that the list is there without a script.
 *
 * @param page with a comment for them
 * @param sign gives an address of ours the signature that opened the page
 */
export function renderCatalog(
  page: string,
  { entries, problems }: CatalogListing,
  limits: SizeLimits,
  sign: (link: string) => string,
): string {
  const list =
    entries.length > 0
      ? `<ul id="videos">\n${entries.map((entry) => item(entry, limits, sign)).join("\n")}\n</ul>`
      : EMPTY;
  const broken = problems.map(
    ({ file, message }) => `<li><strong>${escaped(file)}</strong> ${escaped(message)}</li>`,
  );
  const notServed =
    problems.length === 0
      ? ""
      : `<details id="problems"><summary>${problems.length} not served</summary><ul>${broken.join("")}</ul></details>`;
  // A function: what a name holds is no pattern of a replacement.
  return page.replace(PLACE, () => list + notServed).replace(HOME, () => `href="${escaped(sign("./"))}"`);
}

const EMPTY =
  '<p id="empty">There is no video here yet. Put one into the folder with <code>siedd encode video.mp4 -o video.siedd</code> and load this page again.</p>';

function item(entry: CatalogEntry, limits: SizeLimits, sign: (link: string) => string): string {
  const { id, asset } = entry;
  const folder = encodeURIComponent(id);
  const facts = [
    clock(asset.duration),
    `${asset.width} × ${asset.height}`,
    byteCount(asset.bytes),
    ...(asset.audio.length === 0 ? ["silent"] : []),
  ];
  const poster = sign(`${folder}/${posterOf(entry, limits)}`);
  const playlist = sign(`${folder}/master.m3u8`);
  return [
    `<li><a href="#${escaped(folder)}" data-id="${escaped(id)}" data-src="${escaped(sign(folder))}">`,
    `<img class="poster" src="${escaped(poster)}" alt="" loading="lazy">`,
    `<span class="label">${escaped(id)}</span></a>`,
    `<p class="about">${facts.join(" · ")} <a href="${escaped(playlist)}" aria-label="HLS playlist of ${escaped(id)}">HLS</a></p></li>`,
  ].join("");
}

/** `m:ss`, with hours where there are any. */
function clock(seconds: number): string {
  const integer = Math.max(1, Math.round(seconds));
  const parts = [Math.floor(integer / 3600), Math.floor(integer / 60) % 60, integer % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, "0"));
  return integer < 3600 ? `${Number(minutes)}:${rest}` : `${Number(hours)}:${minutes}:${rest}`;
}

/** Decimal units with three digits. */
function byteCount(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Number((bytes / 1000 ** unit).toPrecision(3))} ${units[unit]}`;
}
