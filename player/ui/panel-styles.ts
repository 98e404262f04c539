import { documentStyles } from "./document-styles.js";

/** Styles of the panels, which load on demand. They come after those of the player. */
const CSS = `
.zoom-overlay { position: absolute; inset-block-start: 12px; inset-inline-end: 12px; display: grid; justify-items: end; gap: 6px; pointer-events: none; transition: opacity .25s; }
.zoom-overlay > * { pointer-events: auto; }
.minimap {
  position: relative; overflow: hidden; border-radius: 6px; cursor: crosshair; touch-action: none;
  background: color-mix(in srgb, var(--_background) 72%, transparent);
  box-shadow: 0 0 0 1px rgb(255 255 255 / .35), 0 4px 18px rgb(0 0 0 / .5);
}
.thumbnail { opacity: .8; }
.minimap-viewport { position: absolute; border: 2px solid var(--_accent); border-radius: 3px; box-shadow: 0 0 0 200px rgb(0 0 0 / .45); box-sizing: border-box; min-width: 6px; min-height: 6px; }
.reset-zoom { width: auto; height: 30px; padding: 0 6px 0 10px; display: flex; gap: 4px; border-radius: 15px; font-variant-numeric: tabular-nums; background: color-mix(in srgb, var(--_background) 78%, transparent); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.reset-zoom .icon { width: 16px; height: 16px; }
.stage[data-idle] .zoom-overlay { opacity: .35; }
.preview {
  position: absolute; inset-block-end: 26px; translate: -50% 0; pointer-events: none; display: grid; justify-items: center; gap: 4px;
  padding: 3px; border-radius: 8px; background: color-mix(in srgb, var(--_background) 88%, transparent); box-shadow: 0 4px 20px rgb(0 0 0 / .5);
}
.preview-thumbnail { border-radius: 6px; }
.preview-time { font-variant-numeric: tabular-nums; padding: 1px 8px 3px; }

.menu, .stats {
  position: absolute; border-radius: 12px; background: color-mix(in srgb, var(--_background) 92%, transparent);
  box-shadow: 0 0 0 1px rgb(255 255 255 / .12), 0 10px 40px rgb(0 0 0 / .5);
}
.menu {
  inset-inline-end: 10px; inset-block-end: 56px; width: 264px; max-width: calc(100% - 20px); max-height: calc(100% - 68px);
  box-sizing: border-box; overflow: auto; padding: 6px; font-size: 14px;
}
.menu button { display: flex; align-items: center; gap: 8px; width: 100%; height: 36px; padding: 0 10px; text-align: start; }
.menu button:focus-visible { outline-offset: -2px; box-shadow: none; }
.menu .name { flex: 1; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.menu .value { color: rgb(255 255 255 / .75); font-weight: 400; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 60%; }
.menu .icon { width: 18px; height: 18px; flex: none; }
.menu [aria-checked="false"] .check { visibility: hidden; }
.menu :is(.forward, .back):dir(rtl) { scale: -1 1; }
.menu-back { font-weight: 650; border-radius: 8px 8px 0 0; border-block-end: 1px solid rgb(255 255 255 / .18); margin-block-end: 4px; }
.custom-height { display: flex; align-items: center; gap: 10px; padding: 8px 10px; margin-block-start: 4px; border-block-start: 1px solid rgb(255 255 255 / .18); }
.custom-height span { flex: 1; }
.custom-height input {
  width: 76px; height: 32px; box-sizing: border-box; padding: 0 8px; border-radius: 6px; font-variant-numeric: tabular-nums;
  background: rgb(255 255 255 / .1); border: 1px solid rgb(255 255 255 / .6); color-scheme: dark;
}
.custom-height input::placeholder { color: rgb(255 255 255 / .7); }

.stats { inset-block-start: 12px; inset-inline-start: 12px; max-height: calc(100% - 84px); box-sizing: border-box; overflow: hidden; padding: 8px 12px; font-size: 12px; font-variant-numeric: tabular-nums; pointer-events: none; }
.stats dl, .help dl { margin: 0; }
.stats dl > div { display: flex; gap: 14px; justify-content: space-between; padding: 2px 0; }
.stats dt { color: rgb(255 255 255 / .8); font-weight: 400; }
.stats dd { margin: 0; }

.help { position: absolute; inset: 0; background: color-mix(in srgb, var(--_background) 90%, transparent); display: grid; }
.sheet { overflow: auto; padding: 22px 26px; outline: none; }
.sheet h2 { margin: 0 0 12px; font-size: 17px; }
.sheet dl { columns: 300px; column-gap: 36px; }
.sheet dl > div { display: flex; align-items: center; gap: 12px; justify-content: space-between; padding: 4px 0; break-inside: avoid; border-block-end: 1px solid rgb(255 255 255 / .14); }
.sheet dt { order: 2; display: flex; gap: 4px; flex: none; }
.sheet dd { margin: 0; }
kbd { font: inherit; font-size: 12px; padding: 2px 7px; border-radius: 5px; background: rgb(255 255 255 / .14); border: 1px solid rgb(255 255 255 / .3); }
.close-help { position: absolute; inset-block-start: 12px; inset-inline-end: 14px; }

/* In a small player the menu takes the whole height, and a strip remains to close it. */
@container (max-width: 330px) or (max-height: 260px) {
  .menu { inset: 3px; inset-inline-start: max(28px, 100% - 267px); width: auto; max-width: none; max-height: none; padding: 2px; font-size: 13px; }
  .menu button { height: 30px; padding: 0 6px; gap: 4px; }
  .stats { inset-block-start: 4px; inset-inline-start: 4px; max-height: calc(100% - 66px); padding: 4px 8px; font-size: 10px; }
  .stats dl > div { padding: 0; }
}
@container (max-width: 520px) { .zoom-overlay { scale: .72; transform-origin: 100% 0; } .zoom-overlay:dir(rtl) { transform-origin: 0 0; } }
@container (max-width: 330px) { .preview-thumbnail { display: none; } }
@media (pointer: coarse) { .preview { inset-block-end: 34px; } }
@media (prefers-contrast: more) {
  .menu, .stats, .help, .preview, .reset-zoom { background: #000; }
  .menu, .stats, .preview, .reset-zoom { border: 1px solid; }
  .menu .value, .stats dt, .custom-height input::placeholder { color: inherit; }
}
@media (forced-colors: active) {
  .menu, .stats, .preview, .minimap, .reset-zoom { border: 1px solid; }
  .menu, .stats, .help, .reset-zoom { background: Canvas; }
  .minimap-viewport { border-color: Highlight; forced-color-adjust: none; }
  .menu [aria-checked="true"] { outline: 1px solid Highlight; outline-offset: -1px; }
}
`;

/** Returns the style sheet that the panels of all players of a document share. */
export const panelStyles = documentStyles(CSS);
