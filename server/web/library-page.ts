import type { EncodeState } from "../../protocol/encode-state.js";
import { formatBytes } from "../../protocol/format-bytes.js";
import type { SizeLimits } from "../../protocol/size-limits.js";
import { encodeId, SIGNATURE_PARAMETER } from "../../protocol/url-parameters.js";
import type { CatalogListing, ListedVideo } from "../catalog/catalog.js";
import { posterUrl } from "../render/poster.js";
import { renderStatus } from "./encode-status.js";
import { escapeHtml } from "./escape-html.js";
import { formatCount, formatDuration } from "./format.js";
import { type LibraryFolder, type LibraryQuery, type LibraryView, SORT_ORDERS } from "./library-view.js";
import { fillTemplate } from "./page-template.js";
import { videoTitle } from "./video-title.js";

const EMPTY_LIBRARY =
  '<p id="empty">There are no videos yet. Copy video files into the folder: they play at once.</p>';
const EMPTY_FOLDER = '<p id="empty">This folder has no videos.</p>';

/** What determines the links and the states on the page. */
export interface LibraryPageOptions {
  readonly limits: SizeLimits;
  /** Adds the signature that opened the page to a link. */
  readonly sign: (link: string) => string;
  readonly signature: string | undefined;
  readonly encodingOf: (video: ListedVideo) => EncodeState | undefined;
  /** HTML of the server's load; "" for viewers who may not see it. */
  readonly serverLoad: string;
  /** HTML of the upload; "" for viewers who may not upload. */
  readonly upload: string;
}

/** Renders a part of the library into the page's template, so that the list works without JavaScript. */
export function renderLibraryPage(
  template: string,
  view: LibraryView,
  problems: CatalogListing["problems"],
  options: LibraryPageOptions,
): string {
  const name = view.folder.slice(view.folder.lastIndexOf("/") + 1);
  return fillTemplate(template, {
    title: escapeHtml(name === "" ? "siedd" : `${name} · siedd`),
    home: escapeHtml(options.sign("./")),
    search: renderSearch(view, options),
    results: [
      renderPath(view, options),
      renderFolders(view.folders, options),
      renderVideos(view, options),
      renderPages(view, options),
      renderProblems(problems),
    ].join("\n"),
    server: options.serverLoad,
    upload: options.upload,
  });
}

/** Returns the URL of a part of the library, relative to it. Defaults are left out. */
function libraryUrl({ folder, search, sort, page }: LibraryQuery, { sign }: LibraryPageOptions): string {
  const query = new URLSearchParams();
  if (folder !== "") query.set("folder", folder);
  if (search !== "") query.set("q", search);
  if (sort !== "name") query.set("sort", sort);
  if (page > 1) query.set("page", String(page));
  return escapeHtml(sign(query.size === 0 ? "./" : `./?${query}`));
}

function renderSearch({ folder, search, sort }: LibraryView, { signature }: LibraryPageOptions): string {
  const orders = Object.entries(SORT_ORDERS).map(
    ([value, label]) => `<option value="${value}"${value === sort ? " selected" : ""}>${label}</option>`,
  );
  const hidden = (name: string, value: string) =>
    value === "" ? "" : `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;
  return [
    '<form id="search" role="search" action="./">',
    `<label><span class="caption">Search</span><input type="search" name="q" value="${escapeHtml(search)}" placeholder="Search" autocomplete="off"></label>`,
    `<label><span class="caption">Sort by</span><select name="sort">${orders.join("")}</select></label>`,
    hidden("folder", folder),
    hidden(SIGNATURE_PARAMETER, signature ?? ""),
    '<button type="submit">Show</button>',
    "</form>",
  ].join("");
}

/** Renders the folders above the current one as links, and the number of videos. */
function renderPath(view: LibraryView, options: LibraryPageOptions): string {
  const parts = view.folder === "" ? [] : view.folder.split("/");
  const first = { ...view, search: "", page: 1 };
  const crumbs = ["Videos", ...parts].map((name, depth) => {
    if (depth === parts.length) return `<li><h1 id="library-title">${escapeHtml(name)}</h1></li>`;
    const folder = parts.slice(0, depth).join("/");
    return `<li><a href="${libraryUrl({ ...first, folder }, options)}">${escapeHtml(name)}</a></li>`;
  });
  const count = `${formatCount(view.total, "video")}${view.search === "" ? "" : " found"}`;
  return `<div class="path"><nav aria-label="Folders"><ol>${crumbs.join("")}</ol></nav><p id="count" role="status">${count}</p></div>`;
}

function renderFolders(folders: readonly LibraryFolder[], options: LibraryPageOptions): string {
  if (folders.length === 0) return "";
  const items = folders.map(({ path, name, count }) => {
    const url = libraryUrl({ folder: path, search: "", sort: "name", page: 1 }, options);
    return `<li data-key="${escapeHtml(path)}"><a href="${url}"><span class="folder-name">${escapeHtml(name)}</span> <span class="about">${formatCount(count, "video")}</span></a></li>`;
  });
  return `<ul id="folders" aria-label="Folders">${items.join("")}</ul>`;
}

function renderVideos(view: LibraryView, options: LibraryPageOptions): string {
  if (view.videos.length > 0) {
    return `<ul id="videos" aria-labelledby="library-title">\n${view.videos.map((video) => renderVideo(video, options)).join("\n")}\n</ul>`;
  }
  if (view.folders.length > 0) return "";
  if (view.search !== "") return `<p id="empty">No video matches “${escapeHtml(view.search)}”.</p>`;
  return view.folder === "" ? EMPTY_LIBRARY : EMPTY_FOLDER;
}

function renderVideo(video: ListedVideo, { limits, sign, encodingOf }: LibraryPageOptions): string {
  const { id, backend, opened, bytes } = video;
  const path = encodeId(id);
  const title = escapeHtml(videoTitle(video));
  const poster = sign(`${path}/${opened === undefined ? "poster.jpg" : posterUrl(opened, limits)}`);
  const duration = opened === undefined ? "" : formatDuration(opened.video.duration);
  const facts = [
    ...(opened === undefined ? [] : [`${opened.video.width} × ${opened.video.height}`]),
    ...(opened !== undefined && opened.video.audio.length === 0 ? ["no audio"] : []),
    formatBytes(bytes),
  ].map((fact) => `<span>${fact}</span>`);
  return [
    `<li data-key="${escapeHtml(id)}"><a class="video" href="${escapeHtml(sign(`player/video/${path}`))}">`,
    `<span class="poster"><img src="${escapeHtml(poster)}" alt="" loading="lazy" decoding="async">`,
    duration === "" ? "" : `<span class="duration" aria-hidden="true">${duration}</span>`,
    `</span><span class="label">${title}</span></a>`,
    `<p class="about">${duration === "" ? "" : `<span class="spoken">${duration} · </span>`}${facts.join(" · ")} <a href="${escapeHtml(sign(`${path}/master.m3u8`))}" aria-label="HLS playlist of ${title}">HLS</a></p>`,
    `<p class="status">${renderStatus({ backend, encoding: encodingOf(video) })}</p></li>`,
  ].join("");
}

function renderPages(view: LibraryView, options: LibraryPageOptions): string {
  const { page, pages } = view;
  if (pages === 1) return "";
  const link = (target: number, rel: string, label: string) =>
    target < 1 || target > pages
      ? `<span aria-hidden="true">${label}</span>`
      : `<a href="${libraryUrl({ ...view, page: target }, options)}" rel="${rel}">${label}</a>`;
  return `<nav id="pages" aria-label="Pages">${link(page - 1, "prev", "Previous")}<span>Page ${page} of ${pages}</span>${link(page + 1, "next", "Next")}</nav>`;
}

function renderProblems(problems: CatalogListing["problems"]): string {
  if (problems.length === 0) return "";
  const items = problems.map(
    ({ file, message }) => `<li><strong>${escapeHtml(file)}</strong> ${escapeHtml(message)}</li>`,
  );
  return `<details id="problems"><summary>${problems.length} not served</summary><ul>${items.join("")}</ul></details>`;
}
