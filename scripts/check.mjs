// npm run check: format, lint and import cycles; types; documentation; tests; the package as users get it.
// Ends with "N passed, N failed".
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { checkPlayerSize } from "./bundle-player.mjs";
import { checkDocs } from "./docs-gate.mjs";
import { execute, main, Refusal, root } from "./ensure.mjs";
import { checkPackage } from "./package-gate.mjs";

/** Each gate is one check; it throws a Refusal whose message is a list of what to mend. */
const gates = [
  ["format, lint and import cycles", checkStyle],
  ["build and types", build],
  ["documentation", checkDocs],
  ["size of the player", checkPlayerSize],
  ["package", checkPackage],
];

export async function check() {
  const total = { passed: 0, failed: 0 };
  for (const [name, gate] of gates) {
    try {
      await gate();
      total.passed++;
      process.stdout.write(`✔ ${name}\n`);
    } catch (error) {
      total.failed++;
      process.stdout.write(`✖ ${name}: ${error instanceof Refusal ? error.message : error.stack}\n`);
    }
  }
  await runTests(total);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 ? 0 : 1;
}

function checkStyle() {
  const biome = join(root, "node_modules/@biomejs/biome/bin/biome");
  if (execute(process.execPath, [biome, "ci", "."]) !== 0) {
    throw new Refusal("see above; npm run format mends most of it");
  }
}

/** Runs each test file alone: they measure times and share two cores with the browser they start. */
async function runTests(total) {
  const files = readdirSync(join(root, "test"), { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => join(root, "dist/test", name.replace(/\.ts$/, ".js")));
  const tests = run({ files, concurrency: 1, timeout: 600_000 });
  const counts = {};
  tests.on("test:diagnostic", ({ message, nesting }) => {
    const [, name, count] = /^(pass|fail|cancelled|skipped|todo) (\d+)$/.exec(message) ?? [];
    if (nesting === 0 && name) counts[name] = Number(count);
  });
  const report = tests.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
  total.passed += counts.pass ?? 0;
  total.failed += (counts.fail ?? 0) + (counts.cancelled ?? 0);
  if (!counts.pass) total.failed++;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(check);
