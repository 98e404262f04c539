import { createIcon } from "./dom.js";

const SPEAKER = "M4 9.5h3.2L12 5.6v12.8l-4.8-3.9H4z";

export const playIcon = () => createIcon("play", "M7.5 4.8v14.4L19 12z");
export const pauseIcon = () => createIcon("pause", "M7 5h3.4v14H7zM13.6 5H17v14h-3.4z");
export const replayIcon = () =>
  createIcon("replay", "M12 5V1.8L7.2 6.2 12 10.6V7.2a5.4 5.4 0 1 1-5.4 5.4H4.4A7.6 7.6 0 1 0 12 5z");
export const soundIcon = () =>
  createIcon(
    "sound",
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
export const leaveFullscreenIcon = () =>
  createIcon("leave", "M8 4h2v6H4V8h4zM14 4h2v4h4v2h-6zM4 14h6v6H8v-4H4zM14 14h6v2h-4v4h-2z");
