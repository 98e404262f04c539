import { directionOf, fetchStrings, hasTranslation, type Strings, stringsFor } from "./strings.js";

/** The language that an element is in: the nearest `lang` around it, else the browser's first known one. */
export function languageOf(element: Element): string {
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
  #text = stringsFor("en");
  #language = "en";
  readonly #root: HTMLElement;
  readonly #listeners = new Set<() => void>();

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  get text(): Strings {
    return this.#text;
  }

  /** Takes the words of a language; in English until they have come. */
  use(language: string): void {
    this.#language = language;
    this.#root.lang = language;
    this.#root.dir = directionOf(language);
    this.#write();
    fetchStrings(language)?.then(
      () => language === this.#language && this.#write(),
      // The next player, or the next change of the language, tries again.
      () => undefined,
    );
  }

  onChange(tell: () => void, signal: AbortSignal): void {
    this.#listeners.add(tell);
    signal.addEventListener("abort", () => this.#listeners.delete(tell), { once: true });
  }

  #write(): void {
    this.#text = stringsFor(this.#language);
    this.relabel();
    for (const tell of [...this.#listeners]) tell();
  }

  /** Writes the words into what is marked with `data-label` (name and tool tip) and `data-text`. */
  relabel(root: ParentNode = this.#root): void {
    for (const element of root.querySelectorAll<HTMLElement>("[data-label]")) {
      const text = this.#text[element.dataset.label as keyof Strings];
      element.setAttribute("aria-label", text);
      // A tool tip would cover what a large surface shows.
      if (element.matches("button, .size")) element.title = text;
    }
    for (const element of root.querySelectorAll<HTMLElement>("[data-text]")) {
      element.textContent = this.#text[element.dataset.text as keyof Strings];
    }
  }
}
