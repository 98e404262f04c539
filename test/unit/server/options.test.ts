import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ServeError } from "../../../server/errors.js";
import type { SieddOptions } from "../../../server/options.js";
import { resolveOptions } from "../../../server/resolve-options.js";

const ROOT = join(import.meta.dirname, "../../../..");
const UNITS: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

interface DocumentedOption {
  readonly name: string;
  /** Text by tag: default, minimum, maximum, unit. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Returns the options of a source file with the tags of their docstrings. */
async function documentedOptions(file: string, interfaceName: string): Promise<DocumentedOption[]> {
  const source = await readFile(join(ROOT, file), "utf8");
  const start = source.indexOf(`export interface ${interfaceName}`);
  assert.ok(start >= 0, `${file} has no ${interfaceName}`);
  const body = source.slice(start, source.indexOf("\n}", start));
  return [...body.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*readonly (\w+)\??:/g)].map(
    ([, comment, name]) => ({
      name,
      tags: Object.fromEntries([...comment.matchAll(/@(\w+) (.+)/g)].map(([, tag, text]) => [tag, text])),
    }),
  );
}

/** Parses `8`, `0.001`, `256 MiB`; undefined for other text. */
function parseQuantity(text: string | undefined): number | undefined {
  const [, value, unit] = /^(\d+(?:\.\d+)?)(?: ([KMG]iB))?$/.exec(text ?? "") ?? [];
  return value === undefined ? undefined : Number(value) * (unit === undefined ? 1 : UNITS[unit]);
}

const OPTIONS = [
  ...(await documentedOptions("server/options.ts", "SieddOptions")),
  ...(await documentedOptions("server/library/options.ts", "OpenLibrariesOptions")),
];
const resolved = (options: object) =>
  resolveOptions({ root: ".", ...options } as SieddOptions) as unknown as Record<string, unknown>;

test("every option has a documented default, except the required root", () => {
  assert.ok(OPTIONS.length >= 25);
  const withoutDefault = OPTIONS.filter(({ tags }) => tags.default === undefined).map(({ name }) => name);
  assert.deepEqual(withoutDefault, ["root"]);
  for (const { name, tags } of OPTIONS) {
    const known = ["default", "minimum", "maximum", "unit"];
    assert.deepEqual(
      Object.keys(tags).filter((tag) => !known.includes(tag)),
      [],
      name,
    );
    assert.equal(
      tags.minimum === undefined,
      tags.unit === undefined,
      `${name} has a minimum and a unit, or neither`,
    );
  }
});

test("documented defaults match the actual defaults", () => {
  const actual = resolved({});
  for (const { name, tags } of OPTIONS) {
    const expected = parseQuantity(tags.default) ?? /^"(\w+)"$/.exec(tags.default ?? "")?.[1];
    if (expected !== undefined) assert.equal(actual[name], expected, name);
    if (tags.default === "true") assert.equal(actual[name], true, name);
    if (tags.default === "one per CPU core") assert.equal(actual[name], availableParallelism(), name);
  }
});

test("documented bounds match the actual bounds", () => {
  const accepts = (name: string, value: number) => {
    try {
      resolved({ [name]: value });
      return true;
    } catch (error) {
      assert.ok(error instanceof ServeError && error.code === "bad-option");
      assert.ok(error.message.startsWith(`siedd options.${name} must be `), error.message);
      assert.ok(error.message.includes(`, got ${value}`), error.message);
      return false;
    }
  };
  for (const { name, tags } of OPTIONS) {
    const [minimum, isExclusive] = [
      tags.minimum?.replace(" (exclusive)", ""),
      / \(exclusive\)$/.test(tags.minimum ?? ""),
    ];
    const min = parseQuantity(minimum);
    const max = parseQuantity(tags.maximum);
    if (min !== undefined) {
      assert.equal(accepts(name, min), !isExclusive, `${name} = ${min}`);
      assert.ok(!accepts(name, min - (Number.isInteger(min) ? 1 : min / 2)), `${name} < ${min}`);
    }
    if (max !== undefined) {
      assert.ok(accepts(name, max), `${name} = ${max}`);
      assert.ok(!accepts(name, Math.floor(max) + 1), `${name} > ${max}`);
    }
  }
});

test("an option that does not exist is rejected with the closest name", () => {
  const reject = (options: object, message: RegExp) =>
    assert.throws(() => resolveOptions({ root: ".", ...options }), { code: "bad-option", message });
  reject({ cacheByte: 5 }, /^siedd options\.cacheByte does not exist; did you mean cacheBytes\?$/);
  reject({ maxside: 640 }, /did you mean maxSide\?$/);
  reject(
    { signKeys: [{ id: "a", secret: "0123456789abcdef", expire: 5 }] },
    /^siedd options\.signKeys\[0\]\.expire does not exist; the options are id, secret$/,
  );
  reject(
    { root: { url: "https://cdn.example/a.siedd", header: {} } },
    /^siedd options\.root\.header does not exist; did you mean headers\?$/,
  );
  reject(
    { floatingPoint: true },
    /^siedd options\.floatingPoint does not exist; the options are afterEncode, authorize, cacheBytes, /,
  );
  assert.equal(
    resolveOptions({ root: ".", prefix: "/videos", logLevel: "warn" } as SieddOptions).prefetch,
    1,
  );
});
