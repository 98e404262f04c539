// npm run check: runs the gates, then the tests, and ends with "N passed, N failed".
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";
import { checkPlayerSize } from "./bundle-player.mjs";
import { checkDocs } from "./docs-gate.mjs";
import { checkDuplicates } from "./duplicates-gate.mjs";
import { main, root, ScriptError } from "./ensure.mjs";
import { format } from "./format.mjs";
import { checkPackage } from "./package-gate.mjs";

/** Each gate counts as one check. A gate fails by throwing; the message of a ScriptError lists what to fix. */
const gates = [
  ["format, lint and import cycles", checkStyle],
  ["duplicated code", checkDuplicates],
  ["build and types", build],
  ["documentation", checkDocs],
  ["size of the player", checkPlayerSize],
  ["package", checkPackage],
];

export async function check() {
  const total = { passed: 0, failed: 0 };
  await runGates(total);
  await runTests(total);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 ? 0 : 1;
}

export async function runGates(total) {
  for (const [name, gate] of gates) {
    try {
      await gate();
      total.passed++;
      process.stdout.write(`✔ ${name}\n`);
    } catch (error) {
      total.failed++;
      process.stdout.write(`✖ ${name}: ${error instanceof ScriptError ? error.message : error.stack}\n`);
    }
  }
}

function checkStyle() {
  if (!format("check")) throw new ScriptError("see above; npm run format fixes most problems");
}

/** Tests that run one at a time, because they measure time or show videos in a browser. The others run two at a time. */
const SERIAL = /^(browser\/|integration\/(docker\/|server\/background-encoding|cli\/(hostile-videos|watch)))/;

async function runTests(total) {
  const tests = readdirSync(join(root, "test"), { recursive: true })
    .filter((name) => name.endsWith(".test.ts"))
    .sort();
  await runFiles(
    tests.filter((name) => SERIAL.test(name)),
    1,
    total,
  );
  await runFiles(
    tests.filter((name) => !SERIAL.test(name)),
    2,
    total,
  );
}

/** Runs test files, given relative to `test`, in that many processes, and adds their counts to the total. */
async function runFiles(names, concurrency, total) {
  const files = names.map((name) => join(root, "dist/test", name.replace(/\.ts$/, ".js")));
  const tests = run({ files, concurrency, timeout: 600_000 });
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
