import { createIcon } from "../dom.js";

const SPEAKER = "M4 9.5h3.2L12 5.6v12.8l-4.8-3.9H4z";
/** Outline of a screen: the second path runs the other way, which cuts a hole. */
const SCREEN = "M3 5h18v14H3zM5 7v10h14V7z";

export const playIcon = () => createIcon("play", "M7.5 4.8v14.4L19 12z");
export const pauseIcon = () => createIcon("pause", "M7 5h3.4v14H7zM13.6 5H17v14h-3.4z");
export const replayIcon = () =>
  createIcon("replay", "M12 5V1.8L7.2 6.2 12 10.6V7.2a5.4 5.4 0 1 1-5.4 5.4H4.4A7.6 7.6 0 1 0 12 5z");
export const volumeIcon = () =>
  createIcon(
    "unmuted",
    SPEAKER,
    "M14.4 8.6a4.6 4.6 0 0 1 0 6.8l1.2 1.4a6.4 6.4 0 0 0 0-9.6z",
    "M17 5.8a8.6 8.6 0 0 1 0 12.4l1.2 1.4a10.4 10.4 0 0 0 0-15.2z",
  );
export const mutedIcon = () =>
  createIcon(
    "muted",
    SPEAKER,
    "M15.7 8.2 19 11.5 22.3 8.2l1 1L20 12.5l3.3 3.3-1 1L19 13.5l-3.3 3.3-1-1 3.3-3.3-3.3-3.3z",
  );
export const enterFullscreenIcon = () =>
  createIcon("enter", "M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z");
export const exitFullscreenIcon = () =>
  createIcon("exit", "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM4 14h6v6H8v-4H4zM14 14h6v2h-4v4h-2z");
export const settingsIcon = () =>
  createIcon(
    "settings",
    "M3 7h8.2a3 3 0 0 1 5.6 0H21v2h-4.2a3 3 0 0 1-5.6 0H3zM14 6.9a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2z",
    "M3 15h2.2a3 3 0 0 1 5.6 0H21v2H10.8a3 3 0 0 1-5.6 0H3zM8 14.9a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2z",
  );
export const captionsIcon = () =>
  createIcon("captions-icon", SCREEN, "M7 13h6v2H7zM14.5 13H17v2h-2.5zM7 9.5h2.5v2H7zM11 9.5h6v2h-6z");
export const pipIcon = () => createIcon("pip-icon", SCREEN, "M11.5 11.5h6v4.2h-6z");
export const airplayIcon = () =>
  createIcon("airplay-icon", "M3 4h18v12h-3.2l-1.7-2H19V6H5v8h2.9l-1.7 2H3z", "M12 13.2 18 20.4H6z");
export const castIcon = () =>
  createIcon(
    "cast-icon",
    "M3 5h18v14h-6v-2h4V7H5v2H3z",
    "M3 11v2a6 6 0 0 1 6 6h2a8 8 0 0 0-8-8zM3 15v1.8A2.2 2.2 0 0 1 5.2 19H7a4 4 0 0 0-4-4z",
  );
export const zoomIcon = () =>
  createIcon(
    "zoom-icon",
    "M10.5 3a7.5 7.5 0 0 1 5.9 12.1l4.7 4.6-1.5 1.5-4.6-4.7A7.5 7.5 0 1 1 10.5 3zM10.5 5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z",
    "M9.6 7.4h1.8v2.2h2.2v1.8h-2.2v2.2H9.6v-2.2H7.4V9.6h2.2z",
  );
export const checkIcon = () => createIcon("check", "M9.3 18.2 3.6 12.5 5 11l4.3 4.2L19 5.7l1.4 1.5z");
export const forwardIcon = () => createIcon("forward", "M9 5.5 15.5 12 9 18.5 7.6 17l5-5-5-5z");
export const backIcon = () => createIcon("back", "M15 5.5 8.5 12 15 18.5l1.4-1.5-5-5 5-5z");
export const closeIcon = () =>
  createIcon(
    "close-icon",
    "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12 19 17.6 17.6 19 12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z",
  );
