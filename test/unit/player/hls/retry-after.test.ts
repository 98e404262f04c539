import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfter } from "../../../../player/hls/retry-after.js";

test("Retry-After is seconds or a date, and is clamped to ten seconds", () => {
  const now = Date.parse("Wed, 21 Oct 2015 07:28:00 GMT");
  const parse = (value: string) =>
    retryAfter({ getAllResponseHeaders: () => `content-length: 0\r\nretry-after: ${value}\r\n` }, now);
  assert.equal(parse("3"), 3);
  assert.equal(parse("Wed, 21 Oct 2015 07:28:07 GMT"), 7);
  assert.equal(parse("86400"), 10);
  assert.equal(parse("Wed, 21 Oct 2015 07:27:00 GMT"), 0);
  assert.equal(parse("soon"), 0);
  assert.equal(retryAfter({ getAllResponseHeaders: () => "" }, now), 0);
  assert.equal(retryAfter(null, now), 0);
});
