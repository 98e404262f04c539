import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptedCoding, prefersHtml } from "../../../../server/http/accept.js";

test("a browser gets HTML, and other clients get JSON", () => {
  assert.equal(prefersHtml("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), true);
  assert.equal(prefersHtml("application/json"), false);
  assert.equal(prefersHtml("*/*"), false);
  assert.equal(prefersHtml(undefined), false);
  assert.equal(prefersHtml(""), false);
  assert.equal(prefersHtml("image/png"), false);
});

test("the quality values decide between HTML and JSON, then the order of the header", () => {
  assert.equal(prefersHtml("text/html;q=0.1, application/json"), false);
  assert.equal(prefersHtml("text/*"), true);
  assert.equal(prefersHtml("TEXT/HTML"), true);
  assert.equal(prefersHtml("text/html;q=0"), false);
  assert.equal(prefersHtml("text/html;q=none"), false);
  assert.equal(prefersHtml("*/*, text/html;q=0.2"), false);
  assert.equal(prefersHtml("text/html, application/json"), true);
  assert.equal(prefersHtml("application/json, text/html"), false);
  assert.equal(prefersHtml('text/html;title="a,b";q=0.1, application/json;q=0.5'), false);
});

test("the accepted coding has the highest quality value, then the order of the supported codings", () => {
  const coding = (header: string | undefined) => acceptedCoding(header, ["br", "gzip"]);
  assert.equal(coding("gzip, deflate, br"), "br");
  assert.equal(coding("gzip;q=0.5, br;q=0.5"), "br");
  assert.equal(coding("gzip, br;q=0.5"), "gzip");
  assert.equal(coding("br;q=0, gzip;q=0.1"), "gzip");
  assert.equal(coding("GZIP"), "gzip");
  assert.equal(coding("*"), "br");
  for (const header of [undefined, "", "identity, zstd", "*;q=0", "gzip;q=0"]) {
    assert.equal(coding(header), undefined, header);
  }
});
