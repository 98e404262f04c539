import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../../../cli/commands/engines.js";
import { siedd } from "../../support/command.js";

test("siedd info --engines shows what this machine has and uses", async () => {
  const { code, stdout, stderr } = await siedd(["info", "--engines", "--json"]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, "");
  const { engines } = JSON.parse(stdout) as { engines: Engine[] };
  const used = (kind: Engine["kind"]) =>
    engines.filter((engine) => engine.kind === kind && engine.used).map(({ name }) => name);
  assert.deepEqual(used("decoder"), ["kernel"]);
  assert.equal(used("trainer").length, 1);
  const [kernel, ...others] = used("kernel");
  assert.deepEqual(others, []);
  // Node 24 and later may use the wide variant. Earlier versions never do.
  if (Number.parseInt(process.versions.v8, 10) < 13) assert.equal(kernel, "plain");
  assert.ok(engines.every(({ used: isUsed, available }) => available || !isUsed));
});

test("siedd info takes either an asset or --engines", async () => {
  const both = await siedd(["info", "--engines", "a.siedd"]);
  assert.deepEqual(
    [both.code, both.stderr],
    [2, "siedd: --engines and an asset are mutually exclusive; choose one\n"],
  );
  const neither = await siedd(["info"]);
  assert.deepEqual(
    [neither.code, neither.stderr],
    [2, "siedd: missing the asset; name a .siedd file, or use --engines\n"],
  );
});
