/** Attributes that the viewer changes. */
const OWN_ATTRIBUTES = new Set(["open"]);

/**
 * Changes an element until it equals another one, and keeps what is equal already, with its focus and its loaded
 * images. Children with `data-key` are matched by it, others by their order.
 */
export function morph(from: Element, to: Element): void {
  if (from.isEqualNode(to)) return;
  morphAttributes(from, to);
  const matches = matchChildren(from, to);
  const kept = new Set(matches.values());
  for (const child of [...from.childNodes]) if (!kept.has(child)) child.remove();
  let next = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const match = matches.get(wanted);
    if (match === undefined) {
      from.insertBefore(document.importNode(wanted, true), next);
      continue;
    }
    if (match === next) next = next.nextSibling;
    else from.insertBefore(match, next);
    if (match instanceof Element) morph(match, wanted as Element);
    else if (match.nodeValue !== wanted.nodeValue) match.nodeValue = wanted.nodeValue;
  }
}

function morphAttributes(from: Element, to: Element): void {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !OWN_ATTRIBUTES.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value && !OWN_ATTRIBUTES.has(name)) from.setAttribute(name, value);
  }
}

/** Returns the present child for each wanted child that has one. */
function matchChildren(from: Element, to: Element): Map<ChildNode, ChildNode> {
  const present = new Map<string, ChildNode[]>();
  for (const child of from.childNodes) {
    const key = keyOf(child);
    present.set(key, [...(present.get(key) ?? []), child]);
  }
  const matches = new Map<ChildNode, ChildNode>();
  for (const wanted of to.childNodes) {
    const match = present.get(keyOf(wanted))?.shift();
    if (match !== undefined) matches.set(wanted, match);
  }
  return matches;
}

function keyOf(node: ChildNode): string {
  if (!(node instanceof Element)) return node.nodeName;
  return `${node.nodeName} ${node.id} ${node.getAttribute("data-key") ?? node.getAttribute("data-action") ?? ""}`;
}
