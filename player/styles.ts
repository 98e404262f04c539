/** Styles of the shadow tree. Colours and lengths come from custom properties that a page may set. */
const CSS = `
:host {
  --_aspect: 16 / 9;
  --_accent: var(--siedd-accent, #ff5a1f);
  --_ink: var(--siedd-ink, #fff);
  --_shade: var(--siedd-shade, rgb(6 7 10));
  --_radius: var(--siedd-radius, 10px);
  display: block;
  position: relative;
  overflow: hidden;
  min-width: 0;
  border-radius: var(--_radius);
  color: var(--_ink);
  font: 500 13px/1.2 var(--siedd-font, system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
  -webkit-tap-highlight-color: transparent;
  aspect-ratio: var(--_aspect);
  container-type: inline-size;
}
:host([hidden]) { display: none; }
:host([nocontrols]) :is(.controls, .big-play) { display: none; }
:host(:fullscreen) { border-radius: 0; aspect-ratio: auto; width: 100%; height: 100%; }
.stage { position: absolute; inset: 0; outline: none; border-radius: inherit; background: var(--siedd-background, #000); }
:host(:fullscreen) .stage::after { display: none; }
.stage:focus-visible::after {
  content: ""; position: absolute; inset: 0; pointer-events: none;
  border: 3px solid var(--_accent); border-radius: inherit;
}
.stage[data-idle] { cursor: none; }
video { display: block; width: 100%; height: 100%; object-fit: contain; border-radius: inherit; }
/* Even sizes are up to a pixel off the shape: better stretched by that than a dark line at the edge. */
.stage[data-fits] video { object-fit: fill; }
.stage[data-fits][data-shown] { background: none; }

button, input { font: inherit; color: inherit; margin: 0; }
button {
  display: grid; place-items: center; padding: 0; border: 0; background: none; cursor: pointer;
  width: 36px; height: 36px; border-radius: 8px; flex: none;
  transition: background-color .15s;
}
button:hover { background: rgb(255 255 255 / .16); }
button:active { background: rgb(255 255 255 / .26); }
:is(button, input):focus-visible { outline: 2px solid var(--_ink); outline-offset: 2px; }
.icon { width: 22px; height: 22px; fill: currentColor; display: block; }
[data-state] > .icon { display: none; }
[data-state="play"] > .play, [data-state="pause"] > .pause, [data-state="replay"] > .replay,
[data-state="sound"] > .sound, [data-state="muted"] > .muted,
[data-state="enter"] > .enter, [data-state="leave"] > .leave { display: block; }

.big-play {
  position: absolute; inset: 0; margin: auto; width: clamp(48px, 16cqw, 84px); height: auto; aspect-ratio: 1;
  border-radius: 50%; background: var(--_accent); color: #140600;
  box-shadow: 0 6px 32px rgb(0 0 0 / .45); transition: transform .2s, opacity .2s;
}
.big-play .icon { width: 56%; height: 56%; }
.big-play:hover, .big-play:active { background: var(--_accent); transform: scale(1.06); }

.spinner {
  position: absolute; inset: 0; margin: auto; width: 44px; height: 44px; border-radius: 50%; pointer-events: none;
  border: 3px solid rgb(255 255 255 / .25); border-top-color: var(--_ink);
  animation: turn .9s linear infinite;
}
@keyframes turn { to { rotate: 1turn; } }

.controls {
  position: absolute; inset: auto 0 0; padding: 44px 12px 6px;
  background: linear-gradient(transparent, color-mix(in srgb, var(--_shade) 78%, transparent));
  transition: opacity .25s; border-radius: inherit; pointer-events: none;
}
.controls > * { pointer-events: auto; }
.stage[data-idle] .controls { opacity: 0; }
.row { display: flex; align-items: center; gap: 2px; }
.gap { flex: 1; }
.time { font-variant-numeric: tabular-nums; padding: 0 8px; white-space: nowrap; opacity: .95; }
.size {
  font-variant-numeric: tabular-nums; white-space: nowrap; margin-right: 6px; padding: 4px 8px; border-radius: 6px;
  font-size: 12px; letter-spacing: .02em;
  background: rgb(255 255 255 / .14); border: 1px solid rgb(255 255 255 / .18);
}
.size[data-changed] { animation: changed 1.4s ease-out; }
@keyframes changed { from { border-color: var(--_accent); box-shadow: 0 0 0 3px var(--_accent); } }

input[type="range"] {
  appearance: none; background: none; cursor: pointer; height: 20px; display: block; --_track: 4px;
}
input[type="range"]::-webkit-slider-runnable-track {
  height: var(--_track); border-radius: 2px; background: var(--_fill); transition: height .12s;
}
input[type="range"]::-moz-range-track { height: var(--_track); border-radius: 2px; background: var(--_fill); }
input[type="range"]::-webkit-slider-thumb {
  appearance: none; width: 14px; height: 14px; border-radius: 50%; background: var(--_ink);
  margin-top: calc((var(--_track) - 14px) / 2); box-shadow: 0 1px 4px rgb(0 0 0 / .5);
}
input[type="range"]::-moz-range-thumb { width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--_ink); }
.seek {
  width: 100%;
  --_fill: linear-gradient(to right,
    var(--_accent) var(--_played, 0%),
    rgb(255 255 255 / .55) var(--_played, 0%), rgb(255 255 255 / .55) var(--_buffered, 0%),
    rgb(255 255 255 / .25) var(--_buffered, 0%));
}
.seek:hover { --_track: 6px; }
.seek:dir(rtl) { direction: ltr; }
.volume {
  width: 68px; --_fill: linear-gradient(to right, var(--_ink) var(--_level, 100%), rgb(255 255 255 / .25) var(--_level, 100%));
}
@container (max-width: 420px) { .row .volume { display: none; } }
@container (max-width: 330px) { .time { display: none; } .controls { padding: 28px 6px 2px; } }
@container (max-width: 210px) { .size { display: none; } }

.stage:has(> .error:not([hidden])) > .controls { display: none; }
.error {
  position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 14px;
  padding: 16px; text-align: center; background: color-mix(in srgb, var(--_shade) 86%, transparent);
}
.error p { margin: 0; max-width: 38ch; font-size: 15px; line-height: 1.45; text-wrap: balance; }
.error button {
  width: auto; height: 40px; padding: 0 18px; border-radius: 20px; background: var(--_ink); color: #111; font-weight: 600;
}
[hidden][hidden] { display: none; }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { transition: none !important; animation-duration: 2.4s !important; }
  .size[data-changed] { animation: none; }
}
@media (forced-colors: active) {
  .big-play, .error button { border: 1px solid; }
  .seek, .volume { appearance: auto; }
}
`;

let sheet: CSSStyleSheet | undefined;

/** One sheet for all players; constructed, so that a strict CSP lets it through. */
export function playerStyles(): CSSStyleSheet {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}
