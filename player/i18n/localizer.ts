import { getStrings, hasTranslation, loadStrings, type Strings, textDirection } from "./strings.js";

/** The language that an element is in: the nearest `lang` around it, else the browser's first known one. */
export function resolveLanguage(element: Element): string {
  for (let node: Element | null = element; node !== null; ) {
    const near: Element | null = node.closest("[lang]");
    const language = near?.getAttribute("lang");
    if (language) return language;
    const root: Node = (near ?? node).getRootNode();
    node = root instanceof ShadowRoot ? root.host : null;
  }
  return navigator.languages?.find(hasTranslation) ?? "en";
}

/** The words of one player, and who wants to know when they change. */
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

  /** Takes the words of a language; in English until they have come. */
  setLanguage(language: string): void {
    this.#language = language;
    this.#root.lang = language;
    this.#root.dir = textDirection(language);
    this.#update();
    loadStrings(language)?.then(
      () => language === this.#language && this.#update(),
      // The next player, or the next change of the language, tries again.
      () => undefined,
    );
  }

  onChange(tell: () => void, signal: AbortSignal): void {
    this.#listeners.add(tell);
    signal.addEventListener("abort", () => this.#listeners.delete(tell), { once: true });
  }

  #update(): void {
    this.#strings = getStrings(this.#language);
    this.applyStrings();
    for (const tell of [...this.#listeners]) tell();
  }

  /** Writes the words into what is marked with `data-label` (name and tool tip) and `data-text`. */
  applyStrings(root: ParentNode = this.#root): void {
    for (const element of root.querySelectorAll<HTMLElement>("[data-label]")) {
      const text = this.#strings[element.dataset.label as keyof Strings];
      element.setAttribute("aria-label", text);
      // A tool tip would cover what a large surface shows.
      if (element.matches("button, .size")) element.title = text;
    }
    for (const element of root.querySelectorAll<HTMLElement>("[data-text]")) {
      element.textContent = this.#strings[element.dataset.text as keyof Strings];
    }
  }
}
