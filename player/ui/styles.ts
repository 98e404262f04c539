import { documentStyles } from "./document-styles.js";

/** Styles of the shadow tree. Pages set the `--siedd-*` custom properties; `--_*` are private. */
const CSS = `
:host {
  --_aspect: 2 / 1;
  --_width: 300px;
  --_accent: var(--siedd-accent, #ff5a1f);
  --_text: var(--siedd-text-color, #fff);
  --_background: var(--siedd-control-background, rgb(6 7 10));
  --_radius: var(--siedd-radius, 10px);
  display: block;
  object-fit: contain;
  position: relative;
  overflow: hidden;
  min-width: 0;
  border-radius: var(--_radius);
  color: var(--_text);
  font: 500 13px/1.2 var(--siedd-font, system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
  -webkit-tap-highlight-color: transparent;
  aspect-ratio: var(--_aspect);
  container-type: inline-size;
  contain-intrinsic-inline-size: var(--_width);
}
:host([hidden]) { display: none; }
:host(:is([nocontrols], [slot="media"])) :is(.controls, .title, .big-play, .zoom-overlay, .menu) { display: none; }
:host(:fullscreen) { border-radius: 0; aspect-ratio: auto; width: 100%; height: 100%; }
.stage, .video-container { object-fit: inherit; object-position: inherit; }
.stage { position: absolute; inset: 0; container-type: size; outline: none; border-radius: inherit; background: var(--siedd-background, #000); }
:host(:fullscreen) .stage::after { display: none; }
.stage:focus-visible::after {
  content: ""; position: absolute; inset: 0; pointer-events: none;
  border: 3px solid var(--_accent); border-radius: inherit;
}
.stage[data-idle] { cursor: none; }
.video-container { position: absolute; inset: 0; overflow: hidden; border-radius: inherit; touch-action: pan-x pan-y; user-select: none; }
.video-container[data-pannable] { touch-action: none; cursor: grab; }
.video-container[data-pannable]:active { cursor: grabbing; }
.video-container[data-tool] { cursor: crosshair; touch-action: none; }
:is(video, .held-frame, .poster) { display: block; width: 100%; height: 100%; object-fit: inherit; object-position: inherit; border-radius: inherit; transform-origin: 0 0; }
.held-frame, .poster { position: absolute; inset: 0; pointer-events: none; }
/* Even sizes miss the aspect ratio by up to a pixel. Stretching hides the dark line at the edge. */
.stage[data-fits] :is(video, .held-frame), [data-zoomed] > :is(video, .held-frame) { object-fit: fill; }
.stage[data-fits] .poster { object-fit: cover; }
.stage[data-fits][data-shown] { background: none; }
[data-zoomed] > :is(video, .held-frame) { border-radius: 0; }
[data-gliding] > :is(video, .held-frame) { transition: transform .18s ease-out; }
.selection { position: absolute; border: 2px solid var(--_text); background: rgb(255 255 255 / .14); outline: 1px solid rgb(0 0 0 / .6); box-shadow: 0 0 0 200vmax rgb(0 0 0 / .35); }

button, input { font: inherit; color: inherit; margin: 0; }
button {
  display: grid; place-items: center; padding: 0; border: 0; background: none; cursor: pointer;
  width: 36px; height: 36px; border-radius: 8px; flex: none;
  transition: background-color .15s;
}
button:hover { background: rgb(255 255 255 / .16); }
button:active { background: rgb(255 255 255 / .26); }
button[aria-pressed="true"]:not(:hover) { background: rgb(255 255 255 / .2); }
.captions-button[aria-pressed="true"], .zoom-tool[aria-pressed="true"] { box-shadow: inset 0 -3px 0 -1px var(--_accent); border-radius: 8px 8px 4px 4px; }
:is(button, input):focus-visible { outline: 2px solid var(--_text); outline-offset: 2px; box-shadow: 0 0 0 5px rgb(0 0 0 / .55); }
.row button:focus-visible { outline-offset: -2px; box-shadow: none; }
.icon { width: 22px; height: 22px; fill: currentColor; fill-rule: evenodd; display: block; }
:is(.play, .mute, .fullscreen) > .icon { display: none; }
[data-state="play"] > .icon.play, [data-state="pause"] > .icon.pause, [data-state="replay"] > .icon.replay,
[data-state="unmuted"] > .icon.unmuted, [data-state="muted"] > .icon.muted,
[data-state="enter"] > .icon.enter, [data-state="exit"] > .icon.exit { display: block; }

.big-play {
  position: absolute; inset: 0; margin: auto; width: clamp(48px, 16cqw, 84px); height: auto; aspect-ratio: 1;
  border-radius: 50%; background: var(--_accent); color: #140600;
  box-shadow: 0 6px 32px rgb(0 0 0 / .45); transition: transform .2s, opacity .2s;
}
.video-container:is([data-pannable], [data-tool]) ~ .big-play { display: none; }
/* At rest the big button is the only one that plays. */
.stage[data-rest] > .video-container:not([data-pannable], [data-tool]) ~ .controls .play { display: none; }
.big-play .icon { width: 56%; height: 56%; }
.big-play:hover, .big-play:active { background: var(--_accent); transform: scale(1.06); }

.spinner {
  position: absolute; inset: 0; margin: auto; width: 44px; height: 44px; border-radius: 50%; pointer-events: none;
  border: 3px solid rgb(255 255 255 / .25); border-top-color: var(--_text);
  animation: turn .9s linear infinite;
}
@keyframes turn { to { rotate: 1turn; } }

.toast {
  position: absolute; inset: 16% 0 auto; margin: auto; width: fit-content; padding: 8px 16px; border-radius: 20px; font-size: 15px;
  background: color-mix(in srgb, var(--_background) 78%, transparent); opacity: 0; transition: opacity .2s; pointer-events: none;
}
.toast[data-shown] { opacity: 1; }
.toast:empty { padding: 0; border: 0; }

.captions {
  position: absolute; inset: auto 6% 20px; pointer-events: none; text-align: center; transition: inset .2s;
  font-size: var(--siedd-caption-size, clamp(14px, 3cqw, 34px)); line-height: 1.4; text-wrap: balance;
}
.stage:not([data-idle]) .captions { inset-block-end: 92px; }
:host([nocontrols]) .captions { inset-block-end: 20px !important; }
video::cue { visibility: hidden; }
.captions p { margin: 2px 0; white-space: pre-line; }
.captions span { padding: .08em .35em; border-radius: 4px; background: rgb(0 0 0 / .78); color: #fff; box-decoration-break: clone; -webkit-box-decoration-break: clone; }

.controls {
  position: absolute; inset: auto 0 0; padding: 44px 12px 6px;
  background: linear-gradient(transparent, color-mix(in srgb, var(--_background) 84%, transparent));
  transition: opacity .25s; border-radius: inherit; pointer-events: none;
}
.controls > * { pointer-events: auto; }
.title {
  position: absolute; inset: 0 0 auto; padding: 12px 14px 28px; pointer-events: none; transition: opacity .25s; border-radius: inherit;
  font-size: 15px; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; unicode-bidi: plaintext;
  background: linear-gradient(color-mix(in srgb, var(--_background) 60%, transparent), transparent);
}
.title:empty { display: none; }
.stage[data-idle] .title { opacity: 0; }
.stage[data-idle] .controls { opacity: 0; }
.stage[data-idle] .controls > * { pointer-events: none; }
.row { display: flex; align-items: center; gap: 2px; }
.spacer { flex: 1; }
.time { font-variant-numeric: tabular-nums; padding: 0 8px; white-space: nowrap; direction: ltr; unicode-bidi: isolate; }
.resolution {
  font-variant-numeric: tabular-nums; white-space: nowrap; margin-inline-end: 6px; padding: 4px 8px; border-radius: 6px;
  font-size: 12px; letter-spacing: .02em; direction: ltr;
  background: rgb(0 0 0 / .35); border: 1px solid rgb(255 255 255 / .28);
}
.resolution[data-changed] { animation: changed 1.4s ease-out; }
@keyframes changed { from { border-color: var(--_accent); box-shadow: 0 0 0 3px var(--_accent); } }

.timeline { position: relative; direction: ltr; }

input[type="range"] {
  appearance: none; background: none; cursor: pointer; height: 20px; display: block; --_track: 4px;
}
input[type="range"]::-webkit-slider-runnable-track {
  height: var(--_track); border-radius: 2px; background: var(--_fill); transition: height .12s;
}
input[type="range"]::-moz-range-track { height: var(--_track); border-radius: 2px; background: var(--_fill); }
input[type="range"]::-webkit-slider-thumb {
  appearance: none; width: 14px; height: 14px; border-radius: 50%; background: var(--_text);
  margin-top: calc((var(--_track) - 14px) / 2); box-shadow: 0 1px 4px rgb(0 0 0 / .5);
}
input[type="range"]::-moz-range-thumb { width: 14px; height: 14px; border: 0; border-radius: 50%; background: var(--_text); }
.seek {
  width: 100%; --_buffered: rgb(255 255 255 / .55); --_rest: rgb(255 255 255 / .25); --_ranges: linear-gradient(var(--_rest), var(--_rest));
  --_fill: linear-gradient(to right, var(--_accent) var(--_played, 0%), transparent var(--_played, 0%)), var(--_ranges);
}
.seek:hover { --_track: 6px; }
.volume {
  width: 68px; direction: ltr; --_rest: rgb(255 255 255 / .25);
  --_fill: linear-gradient(to right, var(--_text) var(--_level, 100%), var(--_rest) var(--_level, 100%));
}

/* From wide to narrow, the controls leave that are least needed or that the settings offer, too. */
@container (max-width: 520px) { .row :is(.volume, .pip) { display: none; } }
@container (max-width: 430px) { .row .zoom-tool { display: none; } .resolution { display: none; } }
@container (max-width: 330px) or (max-height: 190px) {
  .controls { padding: 28px 6px 2px; }
  .title { padding: 6px 10px 18px; font-size: 12px; }
  .big-play { inset: 22px 0 58px; width: 40px; }
  .stage:not([data-idle]) .captions { inset-block-end: 64px; }
}
@container (max-width: 330px) { .time { display: none; } .row .captions-button { display: none; } }
@container (max-width: 230px) { .row :is(.airplay, .cast) { display: none; } }
@container (max-width: 200px) or (max-height: 120px) {
  .title, .stage[data-rest] .row { display: none; }
  .big-play { inset: 0 0 20px; }
}
@container (max-width: 200px) { .row .mute { display: none; } }

.stage:has(> .error:not([hidden])) > :is(.controls, .title, .zoom-overlay, .captions, .stats) { display: none; }
.error {
  position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 14px;
  padding: 16px; text-align: center; background: color-mix(in srgb, var(--_background) 86%, transparent);
}
.error p { margin: 0; max-width: 38ch; font-size: 15px; line-height: 1.45; text-wrap: balance; }
.error button {
  width: auto; height: 40px; padding: 0 18px; border-radius: 20px; background: var(--_text); color: #111; font-weight: 600;
}
[hidden][hidden] { display: none; }
@media (pointer: coarse) {
  .row button { width: 44px; height: 44px; }
  input[type="range"] { height: 28px; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { transition: none !important; animation-duration: 2.4s !important; }
  .resolution[data-changed] { animation: none; }
}
@media (prefers-contrast: more) {
  .controls { background: var(--_background); padding-top: 8px; }
  .toast, .error { background: #000; }
  .toast { border: 1px solid; }
  .seek { --_buffered: rgb(255 255 255 / .85); }
  .seek, .volume { --_rest: rgb(255 255 255 / .5); }
}
@media (forced-colors: active) {
  .big-play, .error button, .toast { border: 1px solid; }
  .controls, .toast, .error { background: Canvas; }
  .controls { padding-top: 8px; }
  /* The slider tracks are gradients, which forced colors would remove. */
  input[type="range"] { forced-color-adjust: none; --_accent: Highlight; --_text: CanvasText; --_rest: Canvas; --_buffered: GrayText; }
  input[type="range"]::-webkit-slider-runnable-track { outline: 1px solid CanvasText; }
  input[type="range"]::-moz-range-track { outline: 1px solid CanvasText; }
  .spinner { border-color: GrayText; border-top-color: Highlight; }
  button[aria-pressed="true"] { outline: 1px solid Highlight; outline-offset: -1px; }
}
`;

/** Returns the style sheet that all players of a document share. */
export const playerStyles = documentStyles(CSS);
