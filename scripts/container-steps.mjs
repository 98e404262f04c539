// node scripts/container-steps.mjs <asset>: tests docker/Dockerfile without a container engine. Runs its RUN
// instructions in temporary folders, then its entry point and health check as an unprivileged user who can only write
// to /videos and /cache. Requires ffmpeg, network access for npm, and root to change the user.
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
import { main, root, ScriptError } from "./ensure.mjs";

/** User ID of `node` in the image. */
const NODE_UID = 1000;

await main(async () => {
  const asset = process.argv[2];
  if (asset === undefined || !existsSync(asset))
    throw new ScriptError("usage: node scripts/container-steps.mjs video.siedd");
  const base = mkdtempSync(join(tmpdir(), "siedd-container-"));
  chmodSync(base, 0o755);
  try {
    await runDockerfile(base, asset);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

async function runDockerfile(base, asset) {
  /** Replaces absolute paths of the image in a command by paths below the temporary folder. */
  const relocate = (text) =>
    text.replace(/(?<=^|[\s"=:])\/(siedd|app|videos|cache|tmp)(?=$|[\s"/])/g, (_, name) => join(base, name));
  for (const name of ["siedd", "app", "videos", "cache", "tmp"]) mkdirSync(join(base, name));
  let stage = -1;
  let folder = base;
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
    if (keyword === "WORKDIR") folder = relocate(text);
    if (keyword === "COPY" && text === ". .") copyTracked(folder);
    if (keyword === "RUN") {
      const command = relocate(text.replace(/\\\n/g, ""));
      process.stdout.write(`stage ${stage + 1}: ${command}\n`);
      const { status } = spawnSync("sh", ["-e", "-c", command], {
        cwd: folder,
        stdio: ["ignore", "ignore", "inherit"],
      });
      if (status !== 0) throw new ScriptError(`the command exited with ${status}`);
    }
  }
  await runImage(base, relocate, new Map(image), asset);
}

/** Copies what `COPY . .` copies: all tracked files. Git ignores everything that .dockerignore lists. */
function copyTracked(folder) {
  const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  for (const file of files.filter((name) => existsSync(join(root, name)))) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
}

/** Starts the entry point as an unprivileged user, and tests the health check, a segment and the shutdown. */
async function runImage(base, relocate, image, asset) {
  const port = await freePort();
  const execForm = (keyword) =>
    JSON.parse(relocate(image.get(keyword).slice(image.get(keyword).indexOf("["))));
  copyFileSync(asset, join(base, "videos/video.siedd"));
  for (const name of ["videos", "cache"]) chownSync(join(base, name), NODE_UID, NODE_UID);
  // tini is only in the image; node is started without it.
  const [, , program, ...entry] = execForm("ENTRYPOINT");
  const args = [...entry, ...execForm("CMD"), "--port", String(port)];
  const server = spawn(program, args, {
    uid: NODE_UID,
    gid: NODE_UID,
    cwd: join(base, "videos"),
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, NODE_ENV: "production" },
  });
  let output = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (text) => (output += text));
  const exited = once(server, "exit");
  try {
    const check = execForm("HEALTHCHECK").map((argument) => argument.replace(":8080", `:${port}`));
    for (let attempts = 100; spawnSync(check[0], check.slice(1)).status !== 0; attempts--)
      if (attempts === 0)
        throw new ScriptError(`the health check never passed; output of the server: ${output}`);
    const response = await fetch(`http://127.0.0.1:${port}/video/full/%5E160,/seg-0.m4s`);
    const bytes = (await response.arrayBuffer()).byteLength;
    if (response.status !== 200) throw new ScriptError(`a segment returned ${response.status}: ${output}`);
    const started = performance.now();
    server.kill("SIGTERM");
    const [code] = await exited;
    const seconds = (performance.now() - started) / 1000;
    if (seconds > 9) throw new ScriptError(`the shutdown must take at most 9 s, got ${seconds} s`);
    process.stdout.write(
      `healthy as user ${NODE_UID}, served a segment of ${bytes} bytes, exited with ${code} ${seconds.toFixed(1)} s after SIGTERM\n`,
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
