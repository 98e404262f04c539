export { openFastBackend } from "./choose-backend.js";
export { DirectPlayback } from "./direct-playback.js";
export { type DirectAsset, openDirectAsset } from "./open-asset.js";
