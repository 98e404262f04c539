import { getStrings, hasTranslation, loadStrings, type Strings, textDirection } from "./strings.js";

/**
 * Returns the language of an element: the closest `lang` attribute, also across shadow roots, or else the first
 * of the browser's languages that has a translation.
 */
export function resolveLanguage(element: Element): string {
  for (let node: Element | null = element; node !== null; ) {
    const closest: Element | null = node.closest("[lang]");
    const language = closest?.getAttribute("lang");
    if (language) return language;
    const root: Node = (closest ?? node).getRootNode();
    node = root instanceof ShadowRoot ? root.host : null;
  }
  return navigator.languages?.find(hasTranslation) ?? "en";
}

/** Holds the strings of one player and notifies listeners when they change. */
export class Localizer {
  #strings = getStrings("en");
  #language = "en";
  readonly #root: HTMLElement;
  readonly #listeners = new Set<() => void>();

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  get strings(): Strings {
    return this.#strings;
  }

  /** Switches to a language. Texts are English until the translation has loaded. */
  setLanguage(language: string): void {
    this.#language = language;
    this.#root.lang = language;
    this.#root.dir = textDirection(language);
    this.#update();
    loadStrings(language)?.then(
      () => language === this.#language && this.#update(),
      // Stays in English. The next player, or the next change of language, retries.
      () => undefined,
    );
  }

  onChange(listener: () => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener("abort", () => this.#listeners.delete(listener), { once: true });
  }

  #update(): void {
    this.#strings = getStrings(this.#language);
    this.#applyStrings();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Writes the strings into elements with `data-label` (accessible name and tooltip) or `data-text` (content). */
  #applyStrings(): void {
    for (const element of this.#root.querySelectorAll<HTMLElement>("[data-label]")) {
      const text = this.#strings[element.dataset.label as keyof Strings];
      element.setAttribute("aria-label", text);
      // Large surfaces get no tooltip: it would cover the video.
      if (element.matches("button, .resolution")) element.title = text;
    }
    for (const element of this.#root.querySelectorAll<HTMLElement>("[data-text]")) {
      element.textContent = this.#strings[element.dataset.text as keyof Strings];
    }
  }
}
