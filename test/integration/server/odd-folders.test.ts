import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, link, mkdir, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openAsset } from "../../../codec/internal.js";
import { DecodePool, fileSource } from "../../../decode-pool/index.js";
import { Catalog } from "../../../server/catalog/catalog.js";
import { serve, signUrl } from "../../../server/index.js";
import { FolderLibrary } from "../../../server/library/folder-library.js";
import { SourceIndexes } from "../../../server/library/source-index.js";
import { originServer } from "../../support/origin-server.js";
import { forkServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { removeFolder, tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

test("URLs of a video that was replaced by a smaller and shorter one are stale, not invalid", async (t) => {
  const text = [{ language: "eng", cues: [{ start: 0, end: 400, settings: "", text: "Hello" }] }];
  const server = await testServer(t, { video: { ...SMALL, tone: 0.8, text } });
  const { v, segments } = JSON.parse((await server.get("video/info.json")).text);
  const last = segments.length - 1;
  const urls = [
    ...["init.mp4", `seg-${last}.m4s`, `elastic-${last}.m4s`, `iframe-${last}.m4s`, "frame-700.jpg"].map(
      (file) => `video/full/160,90/${file}`,
    ),
    ...["video/100,50,60,40/elastic/init.mp4", "video/audio-0/init.mp4", `video/audio-0/seg-${last}.m4s`],
    ...["video/text-0/seg-0.vtt", "video/text-0.vtt", "video/storyboard-0.jpg"],
  ].map((url) => `${url}?v=${v}`);
  for (const url of urls) assert.equal((await server.get(url, { method: "HEAD" })).status, 200, url);

  await writeFile(join(server.root, "next"), syntheticAsset({ width: 80, height: 46, groups: [4] }));
  await rename(join(server.root, "next"), join(server.root, "video.siedd"));
  for (const url of urls) assert.equal((await server.get(url)).code, "stale-version", url);
});

test("a named pipe with the extension of a video blocks nothing", {
  skip: process.platform === "win32",
}, async (t) => {
  const server = await testServer(t, { video: SMALL });
  const pipe = join(server.root, "pipe.siedd");
  execFileSync("mkfifo", [pipe]);
  assert.equal((await server.get("pipe/info.json")).code, "unknown-asset");
  assert.deepEqual(Object.keys(JSON.parse((await server.get("")).text)), ["assets"]);
  assert.throws(() => fileSource(pipe), /^SieddError: cannot read pipe\.siedd: not a regular file$/);
});

test("a removed folder is reported without its path, and is served again once it is back", async (t) => {
  const server = await testServer(t, { video: SMALL });
  await rename(server.root, `${server.root}-away`);
  t.after(() => removeFolder(`${server.root}-away`));
  const { assets, problems } = JSON.parse((await server.get("")).text);
  assert.deepEqual(
    [assets, problems],
    [
      [],
      [{ file: "", message: "cannot list a video folder: it is missing, or the server has no permission" }],
    ],
  );
  await rename(`${server.root}-away`, server.root);
  assert.equal((await server.get("video/info.json")).status, 200);
});

test("files and folders that the server may not read are problems, and the others are served", async (t) => {
  const root = await tempFolder(t);
  await chmod(root, 0o755);
  const locked = join(root, "locked");
  await mkdir(locked);
  for (const name of ["video.siedd", "asset.siedd"]) await writeFile(join(root, name), syntheticAsset(SMALL));
  for (const name of ["locked/inner.mp4", "source.mp4"])
    await writeFile(join(root, name), "not for everyone");
  for (const name of ["locked", "source.mp4", "asset.siedd"]) await chmod(join(root, name), 0);
  // The administrator may read everything.
  const user = process.getuid?.() === 0 ? 65534 : undefined;
  const { url } = await forkServer(t, { root, port: 0, stateDir: join(root, "state") }, user);
  const { assets, problems } = (await (await fetch(url)).json()) as {
    readonly assets: readonly { readonly id: string }[];
    readonly problems: unknown;
  };
  await chmod(locked, 0o755);
  assert.deepEqual(
    assets.map(({ id }) => id),
    ["video"],
  );
  const reason = "permission denied; allow this user to read it";
  assert.deepEqual(problems, [
    { file: "asset.siedd", message: `cannot read asset.siedd: ${reason}` },
    { file: "locked/", message: `cannot read locked: ${reason}` },
    { file: "source.mp4", message: `cannot read source.mp4: ${reason}` },
  ]);
});

test("composed and decomposed names are one video, in folders, URLs, listings and signatures", async (t) => {
  const key = { id: "2026", secret: "a secret of 26 characters!" };
  const bytes = syntheticAsset(SMALL);
  // As macOS stores the name, as Linux does, and with both forms in one name.
  const names = ["de\u0301ja\u0300", "\u00fcber", "\u00e9te\u0301"];
  const root = await tempFolder(t);
  for (const name of names) await writeFile(join(root, `${name}.siedd`), bytes);
  const origin = await originServer(t);
  for (const name of names) origin.files.set(`${name}.siedd`, { bytes, etag: '"one"' });
  const listing = Buffer.from(JSON.stringify(names.map((name) => `${name}.siedd`)));
  origin.files.set("list.json", { bytes: listing, etag: '"list"' });
  for (const videos of [root, `${origin.url}list.json`]) {
    const server = await testServer(t, {}, { root: videos, signKeys: [key], workers: 1 });
    const signed = (path: string) => signUrl(`${server.url}${path}`, { key, expires: 600 });
    const { assets } = JSON.parse(
      (await server.get(signUrl(server.url, { key, expires: 600, scope: "all" }))).text,
    );
    const ids = assets.map(({ id }: { id: string }) => id);
    assert.deepEqual(ids, names.map((name) => name.normalize("NFC")).sort());
    for (const form of ["NFC", "NFD"]) {
      for (const name of names) {
        const response = await server.get(signed(`${encodeURIComponent(name.normalize(form))}/info.json`));
        assert.equal(response.status, 200, `${name} as ${form} from ${videos}`);
        assert.equal(JSON.parse(response.text).id, name.normalize("NFC"));
      }
    }
    // A signature of one form is valid for the other one.
    const other = signed(`${encodeURIComponent("u\u0308ber")}/info.json`).replace("u%CC%88", "%C3%BC");
    assert.equal((await server.get(other)).status, 200);
    assert.equal((await server.get(signed("%C3%A4/info.json"))).code, "unknown-asset");
  }
  await writeFile(join(root, "d\u00e9j\u00e0.siedd"), bytes);
  const twice = await testServer(t, {}, { root, workers: 1 });
  assert.deepEqual(JSON.parse((await twice.get("")).text).problems, [
    { file: "de\u0301ja\u0300.siedd", message: "duplicate name; rename the file" },
  ]);
});

test("an error about a file names the file once", async (t) => {
  const path = join(await tempFolder(t), "video.siedd");
  const bytes = syntheticAsset(SMALL);
  await writeFile(path, bytes);
  const asset = await openAsset(fileSource(path), { name: "video.siedd" });
  await truncate(path, asset.groups[1]!.offset + 1);
  await assert.rejects(
    openAsset(fileSource(path), { name: "video.siedd" }),
    /^SieddError: video\.siedd: the asset is truncated: a sample of \S+ ends at byte \d+, the file has \d+; copy or encode it again$/,
  );
  await assert.rejects(
    openAsset(fileSource(join(path, "..")), { name: "videos" }),
    /^SieddError: cannot read \S+: it is a folder; pass a file$/,
  );
});

test("listing more than a thousand videos opens each of them once", async (t) => {
  const root = await tempFolder(t);
  const first = join(root, "video.siedd");
  await writeFile(first, syntheticAsset({ ...SMALL, groups: [1], tileWidth: 4 }));
  const names = Array.from({ length: 1100 }, (_, i) => join(root, `video ${i}.siedd`));
  await Promise.all(names.map((name) => link(first, name)));
  const pool = new DecodePool({ workers: 1 });
  t.after(() => pool.close());
  const options = {
    pool,
    openSource: () => assert.fail("the folder has no sources"),
    engine: "auto",
    videoEncoder: "x264",
    imageSettings: "",
    salt: "",
    maxIdLength: 100,
  } as const;
  const catalog = new Catalog(
    [new FolderLibrary(root, { polling: false, indexes: new SourceIndexes(root) })],
    options,
  );
  const [one, two] = [await catalog.list(), await catalog.list()];
  assert.deepEqual([one.entries.length, one.problems], [1101, []]);
  assert.ok(two.entries.every(({ opened }, i) => opened === one.entries[i]?.opened));
});

test("a cache folder that cannot be created is rejected", async (t) => {
  const root = await tempFolder(t);
  await writeFile(join(root, "file"), "");
  // In /proc nothing can be created, and the error is that of a missing parent.
  for (const cacheDir of [
    join(root, "file", "cache"),
    ...(process.platform === "linux" ? ["/proc/a/b"] : []),
  ]) {
    await assert.rejects(serve({ root, port: 0, cacheDir }), /cacheDir must be a writable folder/);
  }
  const cacheDir = join(root, "a", "b");
  const server = await serve({ root, port: 0, cacheDir });
  await server.close();
  assert.ok((await stat(cacheDir)).isDirectory());
});
