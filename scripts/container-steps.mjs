// node scripts/container-steps.mjs: runs the steps of docker/Dockerfile outside of a container, where there is no
// engine: its RUN lines in copies of its stages, then its entry point and health check as an ordinary user who can
// write to nothing but videos and cache. Needs ffmpeg, the network for npm, and root to become somebody else.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DockerfileParser } from "dockerfile-ast";
import { main, Refusal, root } from "./ensure.mjs";

/** The user of the image. */
const NODE = 1000;

await main(async () => {
  const asset = process.argv[2];
  if (asset === undefined || !existsSync(asset))
    throw new Refusal("name an asset to serve: node scripts/container-steps.mjs video.siedd");
  const place = mkdtempSync(join(tmpdir(), "siedd-container-"));
  chmodSync(place, 0o755);
  try {
    await follow(place, asset);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

async function follow(place, asset) {
  const here = (text) =>
    text.replace(/(?<=^|[\s"=:])\/(siedd|app|videos|cache|tmp)(?=$|[\s"/])/g, (_, name) => join(place, name));
  for (const name of ["siedd", "app", "videos", "cache", "tmp"]) mkdirSync(join(place, name));
  let stage = -1;
  let folder = place;
  let image = [];
  for (const instruction of DockerfileParser.parse(
    readFileSync(join(root, "docker/Dockerfile"), "utf8"),
  ).getInstructions()) {
    const keyword = instruction.getKeyword();
    const text = instruction.getRawArgumentsContent() ?? "";
    if (keyword === "FROM") {
      stage++;
      image = [];
    }
    image.push([keyword, text]);
    if (stage === 2) continue;
    if (keyword === "WORKDIR") folder = here(text);
    if (keyword === "COPY" && text === ". .") copyTracked(folder);
    if (keyword === "RUN") {
      const command = here(text.replace(/\\\n/g, ""));
      process.stdout.write(`stage ${stage + 1}: ${command}\n`);
      const { status } = spawnSync("sh", ["-e", "-c", command], {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
      });
      if (status !== 0) throw new Refusal(`that ended with ${status}`);
    }
  }
  await serve(place, here, new Map(image), asset);
}

/** What `COPY . .` takes: git's files, less those that .dockerignore names (which git ignores as well). */
function copyTracked(folder) {
  const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  for (const file of files.filter((name) => existsSync(join(root, name)))) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
}

async function serve(place, here, image, asset) {
  const port = await freePort();
  const words = (keyword) => JSON.parse(here(image.get(keyword).slice(image.get(keyword).indexOf("["))));
  copyFileSync(asset, join(place, "videos/video.siedd"));
  for (const name of ["videos", "cache"]) chownSync(join(place, name), NODE, NODE);
  // tini is of the image, and node is started without it here.
  const [, , program, ...entry] = words("ENTRYPOINT");
  const args = [...entry, ...words("CMD"), "--port", String(port)];
  const server = spawn(program, args, {
    uid: NODE,
    gid: NODE,
    cwd: join(place, "videos"),
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, NODE_ENV: "production" },
  });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (text) => (said += text));
  const ended = once(server, "exit");
  try {
    const check = words("HEALTHCHECK").map((word) => word.replace(":8080", `:${port}`));
    for (let left = 100; spawnSync(check[0], check.slice(1)).status !== 0; left--)
      if (left === 0) throw new Refusal(`the health check never passed; the server said: ${said}`);
    const answer = await fetch(`http://127.0.0.1:${port}/video/full/160,90/seg-0.m4s`);
    const bytes = (await answer.arrayBuffer()).byteLength;
    if (answer.status !== 200) throw new Refusal(`a segment was answered ${answer.status}: ${said}`);
    const started = performance.now();
    server.kill("SIGTERM");
    const [code] = await ended;
    const seconds = (performance.now() - started) / 1000;
    if (seconds > 9) throw new Refusal(`it took ${seconds} s to end`);
    process.stdout.write(
      `healthy as user ${NODE}, a segment of ${bytes} bytes, ended with ${code} ${seconds.toFixed(1)} s after SIGTERM\n`,
    );
  } finally {
    server.kill("SIGKILL");
  }
}

async function freePort() {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
