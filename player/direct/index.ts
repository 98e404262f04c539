export { openIfAffordable } from "./choose-backend.js";
export { DirectPlayback } from "./direct-playback.js";
export { type DirectFilm, openDirectFilm } from "./open-asset.js";
