import type { PlayerError } from "../errors.js";
import type { Localizer } from "../i18n/localizer.js";
import type { Layout } from "./layout.js";

/** First strong isolate and its end (unicode.org/reports/tr9): an address keeps its order within Arabic. */
const isolate = (value: string) => `\u2068${value}\u2069`;

/** Says why nothing plays, in the viewer's language; null is that all is well again. */
export function showError(layout: Layout, localizer: Localizer, error: PlayerError | null): void {
  const { error: panel, sentence, spinner, bigPlay, stage } = layout;
  panel.hidden = error === null;
  sentence.textContent =
    error?.localizedMessage(localizer.strings, stage.dir === "rtl" ? isolate : undefined) ?? "";
  if (error === null) return;
  spinner.hidden = true;
  bigPlay.hidden = true;
  delete stage.dataset.idle;
}
