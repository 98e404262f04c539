import { fileURLToPath } from "node:url";

/** The folder of the built player: the templates of pages, siedd-player.js and their dependencies. */
export const PLAYER_FOLDER = fileURLToPath(new URL("../../player/web/", import.meta.url));
