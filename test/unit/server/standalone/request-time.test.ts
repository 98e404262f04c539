import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import fastify from "fastify";
import { limitRequestTime } from "../../../../server/standalone/request-time.js";

const TYPE = "application/offset+octet-stream";

test("a slow request is closed, and a slow upload is not", async (t) => {
  const app = fastify();
  t.after(() => app.close());
  limitRequestTime(app, 200);
  app.addContentTypeParser(TYPE, (_request, payload, done) => done(null, payload));
  const readBody = async ({ raw }: { raw: AsyncIterable<Buffer> }) => {
    const chunks = [];
    for await (const chunk of raw) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  app.patch("/player/upload/:upload", readBody);
  app.patch("/other", readBody);
  await app.listen({ port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const sendSlowly = async (path: string): Promise<string> => {
    const sent = request({
      port,
      path,
      method: "PATCH",
      headers: { "content-type": TYPE, "content-length": 2 },
    });
    const answered = once(sent, "response").then(
      async ([response]) => (await response.toArray()).join(""),
      ({ code }) => code,
    );
    sent.write("a");
    await sleep(600);
    sent.end("b");
    return answered;
  };
  const [upload, other] = await Promise.all([sendSlowly("/player/upload/1"), sendSlowly("/other")]);
  assert.deepEqual([upload, other], ["ab", "ECONNRESET"]);
});
