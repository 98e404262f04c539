import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCmcd } from "../../../../server/http/cmcd.js";

test("CMCD is parsed from the header, or from the query, which takes precedence", () => {
  const header = 'bl=21300,dl=18500,mtp=48100,nor="..%2F300kbps%2Ftrack.m4v",su';
  assert.deepEqual(parseCmcd(header, undefined), {
    deadline: 18500,
    startup: true,
    nextObject: "../300kbps/track.m4v",
  });
  assert.deepEqual(parseCmcd("dl=1", 'nor="a,dl=5",dl=700'), { nextObject: "a,dl=5", deadline: 700 });
  assert.deepEqual(parseCmcd("dl=500, su", undefined), { deadline: 500, startup: true });
});

test("CMCD version 2 has lists, parameters, and next objects without percent-encoding", () => {
  assert.deepEqual(parseCmcd('dl=300,nor=("../80,46/seg-3.m4s";r="0-99" "b"),su=?1,v=2', undefined), {
    deadline: 300,
    startup: true,
    nextObject: "../80,46/seg-3.m4s",
  });
  assert.deepEqual(parseCmcd('nor=("a%2Fb"),v=2', undefined), { nextObject: "a%2Fb" });
  assert.deepEqual(parseCmcd("su=?0,dl=5;x=1,v=2", undefined), { deadline: 5 });
});

test("malformed CMCD values are ignored", () => {
  for (const text of [
    "",
    "dl",
    "dl=-5",
    "dl=1.5",
    "dl=1e3",
    'nor="%E0%A4%A"',
    "nor=()",
    "nor=7",
    "su=false",
    'dl=5,nor="unterminated',
    "__proto__=1",
    `dl=5,${"x".repeat(5000)}`,
  ]) {
    assert.deepEqual(parseCmcd(text, undefined), {}, text);
  }
  assert.deepEqual(parseCmcd(["dl=5"], { dl: "5" }), {});
});

test("a CMCD value of maximum length is parsed in less than 200 ms", () => {
  for (const unit of ["a,", "a=(", 'a="\\\\', "a;b", "dl=1,", "  ,"]) {
    const text = unit.repeat(5000).slice(0, 4096);
    const started = performance.now();
    for (let i = 0; i < 10; i++) parseCmcd(text, undefined);
    const milliseconds = (performance.now() - started) / 10;
    assert.ok(milliseconds < 200, `${unit} takes ${milliseconds} ms`);
  }
});
