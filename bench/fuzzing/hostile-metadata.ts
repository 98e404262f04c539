/** Characters of changed metadata: more than readers accept. */
const MAX_TEXT = 300_000;
const MAX_CHAPTERS = 3000;
/** JSON in place of a string or a number of the metadata. */
const VALUES = [
  "null",
  "-1",
  "1e400",
  "{}",
  '"\\u0000<script>\\ud800"',
  `"${"a".repeat(100_000)}"`,
  "[".repeat(50_000),
  `${"[".repeat(5000)}${"]".repeat(5000)}`,
];

/** Random choices of a change. */
export interface Choices {
  pick(values: readonly string[]): string;
  /** Returns an integer from 0 to count - 1. */
  below(count: number): number;
}

/** Functions that replace, repeat or cut the JSON of the metadata. */
export const METADATA_CHANGES: readonly ((text: string, random: Choices) => string)[] = [
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => text.replace(/"[^"]*"(?!:)|\d+/, random.pick(VALUES)),
  (_text, random) => {
    const value = random.pick(VALUES);
    return `{"title":${value},"created":${value},"source":{"identity":${value},"name":${value}}}`;
  },
  (_text, random) => {
    const value = random.pick(VALUES);
    const most = Math.min(MAX_CHAPTERS, Math.ceil(MAX_TEXT / value.length));
    return `{"chapters":[${Array(random.below(most)).fill(`{"start":1,"title":${value}}`).join()}]}`;
  },
];
