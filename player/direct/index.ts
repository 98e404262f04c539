export { DirectPlayback } from "./direct-playback.js";
export { type DirectFilm, openDirectFilm } from "./film.js";
export { openIfAffordable } from "./workshop.js";
