import { readFile } from "node:fs/promises";
import { PLAYER_FOLDER } from "./player-folder.js";

/** Reads the template of a page. Returns undefined if the player has not been built. */
export const readTemplate = (name: string): Promise<string | undefined> =>
  readFile(`${PLAYER_FOLDER}${name}.html`, "utf8").catch(() => undefined);

/**
 * Replaces the placeholders of a template, such as `{title}`, by HTML.
 *
 * @throws Error for a placeholder without a value
 */
export const fillTemplate = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (_placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template has an unknown placeholder {${name}}`);
    return value;
  });
