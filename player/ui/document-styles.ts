/**
 * Returns a function that returns the style sheet with this text for a document. It is constructed, which a strict CSP
 * allows, and belongs to one document: a shadow tree in another document (iframe, popup) cannot adopt it.
 */
export function documentStyles(css: string): (document: Document) => CSSStyleSheet {
  const sheets = new WeakMap<Document, CSSStyleSheet>();
  return (document) => {
    let sheet = sheets.get(document);
    if (sheet === undefined) {
      sheet = new (document.defaultView ?? globalThis).CSSStyleSheet();
      sheet.replaceSync(css);
      sheets.set(document, sheet);
    }
    return sheet;
  };
}
