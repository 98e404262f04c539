import { escapeCueText } from "../../codec/iso/cue-text.js";

/** The formats that WebVTT has too. */
interface Style {
  readonly b: boolean;
  readonly i: boolean;
  readonly u: boolean;
}
const FORMATS = ["b", "i", "u"] as const;
const PLAIN: Style = { b: false, i: false, u: false };

/** The styles of an ASS script by name. */
export type AssStyles = ReadonlyMap<string, Style>;

/** Text in one format. */
interface Run {
  readonly style: Style;
  readonly text: string;
}

/** Parses the styles in the header of an ASS script: `Format:` names the columns of the `Style:` lines. */
export function parseAssStyles(header: string): AssStyles {
  const styles = new Map<string, Style>();
  let columns: string[] = [];
  for (const line of header.split(/\r?\n/)) {
    const [, key = "", rest = ""] = /^(Format|Style):(.*)$/.exec(line) ?? [];
    const values = rest.split(",").map((value) => value.trim());
    if (key === "Format" && values.includes("Bold")) columns = values;
    if (key !== "Style") continue;
    const isSet = (column: string) => ![undefined, "", "0"].includes(values[columns.indexOf(column)]);
    const style = { b: isSet("Bold"), i: isSet("Italic"), u: isSet("Underline") };
    styles.set(values[columns.indexOf("Name")] ?? "", style);
  }
  return styles;
}

/** How to convert ASS text. */
export interface AssContext {
  readonly styles: AssStyles;
  /** Whether braces without a backslash are comments, as in ASS. ffmpeg passes them on from formats that show them. */
  readonly hasComments: boolean;
}

/** Matches an override block, an escaped character, or other text. */
const TOKEN = /\{([^}]*)\}|\\([Nnh{}\\])|[^{\\]+|[{\\]/g;
/** Matches one override tag: `\i1`, `\p0`, `\r` with a style, `\pos(...)`. */
const OVERRIDE = /\\([a-zA-Z]*)([^\\(]*)(?:\([^)]*\)?)?/g;
const ESCAPED: Readonly<Record<string, string>> = { N: "\n", n: "\n", h: "\u00a0" };

/**
 * Converts an event as ffmpeg's Matroska muxer stores it (`ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`)
 * to WebVTT cue text with the tags b, i and u. Drawings, comments and blank lines are dropped.
 */
export function assToCueText(event: string, context: AssContext): string {
  const [, , styleName = ""] = event.split(",", 3);
  const text = event.replace(/^(?:[^,]*,){8}/, "");
  return serializeRuns(parseRuns(text, styleName, context))
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.replace(/<[^>]*>/g, "") !== "")
    .join("\n");
}

function parseRuns(text: string, styleName: string, { styles, hasComments }: AssContext): Run[] {
  const base = styles.get(styleName) ?? PLAIN;
  const runs: Run[] = [];
  let state = { style: base, drawing: false };
  for (const [token, block, escaped] of text.matchAll(TOKEN)) {
    if (block?.includes("\\") || (block !== undefined && hasComments)) {
      for (const [, name = "", value = ""] of block.matchAll(OVERRIDE))
        state = applyOverride(state, { name, value, base, styles });
    } else if (!state.drawing) {
      runs.push({ style: state.style, text: escaped === undefined ? token : (ESCAPED[escaped] ?? escaped) });
    }
  }
  return runs;
}

interface Override {
  readonly name: string;
  readonly value: string;
  /** The style of the event. */
  readonly base: Style;
  readonly styles: AssStyles;
}

/** Applies a tag. Tags without a value restore the style of the event. */
function applyOverride(
  state: { style: Style; drawing: boolean },
  { name, value, base, styles }: Override,
): { style: Style; drawing: boolean } {
  if (name === "p") return { ...state, drawing: Number(value) > 0 };
  const format = FORMATS.find((candidate) => candidate === name);
  if (format !== undefined) {
    const isOn = value.trim() === "" ? base[format] : Number(value) !== 0;
    return { ...state, style: { ...state.style, [format]: isOn } };
  }
  if (!name.startsWith("r")) return state;
  return { ...state, style: styles.get((name.slice(1) + value).trim()) ?? base };
}

/** Writes runs with tags. All tags are closed at the end of a line, so that lines can be dropped and joined. */
function serializeRuns(runs: readonly Run[]): string {
  let result = "";
  let open: (typeof FORMATS)[number][] = [];
  const setOpen = (wanted: typeof open) => {
    const kept = open.findIndex((format, index) => format !== wanted[index]);
    const common = kept < 0 ? open.length : kept;
    for (const format of open.slice(common).reverse()) result += `</${format}>`;
    for (const format of wanted.slice(common)) result += `<${format}>`;
    open = wanted;
  };
  for (const { style, text } of runs) {
    setOpen(text === "\n" ? [] : FORMATS.filter((format) => style[format]));
    result += text === "\n" ? text : escapeCueText(text);
  }
  setOpen([]);
  return result;
}
