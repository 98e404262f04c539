import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DCLinter } from "dclint";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { originServer } from "../../support/origin-server.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const FOLDER = new URL("../../../../docker/", import.meta.url).pathname;
const read = (name: string): string => readFileSync(join(FOLDER, name), "utf8");
const SMALL = { width: 160, height: 90, groups: [10, 10] };
const DOCKERFILES = ["Dockerfile", "Dockerfile.cuda"];

interface Service {
  readonly volumes: readonly string[];
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
}

/** Parses the exec form of an instruction, a JSON array. */
const parseExecForm = (text: string): string[] => JSON.parse(text.slice(text.indexOf("[")));

/** Returns the instructions of the last stage, which becomes the image. */
function imageInstructions(name: string): { keyword: string; text: string }[] {
  const lines = read(name).split("\n");
  const all = DockerfileParser.parse(lines.join("\n")).getInstructions();
  const from = all.findLastIndex((instruction) => instruction.getKeyword() === "FROM");
  return all.slice(from).map((instruction) => {
    const { start, end } = instruction.getRange();
    const keyword = instruction.getKeyword();
    const text = lines.slice(start.line, end.line + 1).join("\n");
    return { keyword, text: text.slice(keyword.length).trim() };
  });
}

test("the Dockerfiles pass the linter, and a broken one does not", () => {
  const settings = { instructionWorkdir: 2, instructionJSONInSingleQuotes: 2 } as const;
  for (const name of DOCKERFILES) {
    assert.deepEqual(
      validate(read(name), settings).map(
        ({ message, range }) => `${name}:${range.start.line + 1}: ${message}`,
      ),
      [],
    );
  }
  assert.ok(validate(`${read("Dockerfile")}\nUSERR root\n`).length > 0);
});

test("compose.yml passes schema and linter, and a broken one does not", async (t) => {
  const linter = new DCLinter({
    rules: {
      // The images of services with a `build` are local, and need no tag.
      "no-build-and-image": 0,
      "service-image-require-explicit-tag": 0,
      // The server is public. Monitoring is bound to localhost, which is asserted below.
      "no-unbound-port-interfaces": 0,
      // Docker Compose 1 does not support a project name.
      "require-project-name-field": 0,
      // Style only.
      "service-keys-order": 0,
      "services-alphabetical-order": 0,
      "require-quotes-in-ports": 0,
    },
    quiet: true,
    debug: false,
    exclude: [],
  });
  // The types of dclint do not resolve under Node's module resolution.
  type Result = { readonly messages: readonly { readonly rule: string; readonly message: string }[] };
  const lint = (path: string) =>
    (linter.lintFiles([path], false) as readonly Result[]).flatMap(({ messages }) =>
      messages.map(({ rule, message }) => `${rule}: ${message}`),
    );
  assert.deepEqual(lint(join(FOLDER, "compose.yml")), []);
  const broken = join(await tempFolder(t), "compose.yml");
  for (const [valid, invalid] of [
    ["read_only: true", "read_onl: true"],
    ["interval: 30s", "interval: [30]"],
    ['"8081:8080"', '"8080:8080"'],
  ] as const) {
    await writeFile(broken, read("compose.yml").replace(valid, invalid));
    assert.ok(lint(broken).length > 0, invalid);
  }
});

test("the images contain no build tools, run as an unprivileged user, and forward signals", () => {
  for (const name of DOCKERFILES) {
    const image = imageInstructions(name);
    const textsOf = (keyword: string) =>
      image.filter((other) => other.keyword === keyword).map(({ text }) => text);
    const users = textsOf("USER");
    assert.ok(users.length === 1 && !/^(root|0)(:|$)/.test(users[0]!), name);
    assert.equal(textsOf("ADD").length, 0);
    // The only files of earlier stages are the modules and Node: no sources, no compiler.
    for (const copy of textsOf("COPY")) assert.match(copy, /^--from=modules \/(app|usr\/local\/bin\/node) /);
    for (const run of textsOf("RUN"))
      assert.match(run, /--no-install-recommends .*[\s\S]*rm -rf \/var\/lib\/apt\/lists/);
    assert.deepEqual(parseExecForm(textsOf("ENTRYPOINT")[0]!).slice(0, 3), ["tini", "--", "node"]);
    assert.equal(parseExecForm(textsOf("CMD")[0]!)[0], "serve");
    assert.deepEqual(parseExecForm(textsOf("VOLUME")[0]!), ["/videos", "/cache"]);
    assert.equal(textsOf("HEALTHCHECK").length, 1);
  }
});

test("the health checks of image and compose pass for a running server and fail for a closed one", async (t) => {
  const server = await testServer(t, { video: SMALL });
  const healthcheck = imageInstructions("Dockerfile").find(({ keyword }) => keyword === "HEALTHCHECK")!.text;
  const compose = parse(read("compose.yml"), { merge: true });
  const [kind, ...composeCheck] = compose.services.siedd.healthcheck.test as string[];
  assert.equal(kind, "CMD");
  const run = async ([command, ...rest]: string[]) => {
    const args = rest.map((argument) => argument.replace(":8080", `:${server.port}`));
    const child = spawn(command!, args, { stdio: "ignore" });
    return (await once(child, "close"))[0];
  };
  for (const check of [parseExecForm(healthcheck), composeCheck]) assert.equal(await run(check), 0);
  await server.close();
  for (const check of [parseExecForm(healthcheck), composeCheck]) assert.equal(await run(check), 1);
});

test("compose mounts existing paths, writes only to volumes, and grants no privileges", () => {
  const compose = parse(read("compose.yml"), { merge: true, uniqueKeys: true });
  const volumes = Object.keys(compose.volumes);
  for (const [name, service] of Object.entries<Service>(compose.services)) {
    for (const mount of service.volumes) {
      const [source, target] = mount.split(":");
      assert.match(target!, /^\//);
      if (!source!.startsWith(".")) assert.ok(volumes.includes(source!), `${name}: ${mount}`);
      else assert.ok(statSync(join(FOLDER, source!)), `${name}: ${mount}`);
    }
    if (service.build === undefined) assert.match(service.image, /:v?\d/, `${name} has no version`);
    else assert.ok(statSync(join(FOLDER, service.build.context, service.build.dockerfile)).isFile());
  }
  for (const name of ["siedd", "siedd-cuda"]) {
    const { read_only, cap_drop, security_opt, tmpfs, privileged } = compose.services[name];
    assert.deepEqual([read_only, cap_drop, tmpfs, privileged], [true, ["ALL"], ["/tmp"], undefined]);
    assert.deepEqual(security_opt, ["no-new-privileges:true"]);
  }
  for (const name of ["prometheus", "grafana"])
    for (const port of compose.services[name].ports) assert.match(port, /^127\.0\.0\.1:/, name);
  const scrapeTargets = parse(read("prometheus/prometheus.yml")).scrape_configs[0].static_configs[0].targets;
  assert.deepEqual(scrapeTargets, ["siedd:8080"]);
  const [source] = parse(read("grafana/provisioning/datasources/prometheus.yml")).datasources;
  assert.equal(source.url, "http://prometheus:9090");
  const [provider] = parse(read("grafana/provisioning/dashboards/siedd.yml")).providers;
  assert.ok(compose.services.grafana.volumes.includes(`./grafana/dashboards:${provider.options.path}:ro`));
});

test("the dashboard queries only existing metrics and labels, and shows all but three metrics", async (t) => {
  const origin = await originServer(t);
  origin.files.set("remote.siedd", { bytes: syntheticAsset(SMALL), etag: '"one"' });
  const root = await tempFolder(t);
  const options = { root: [root, `${origin.url}remote.siedd`], cacheDir: await tempFolder(t) };
  const server = await testServer(t, {}, options);
  await server.get("remote/full/80,46/seg-0.m4s");
  await server.get("none/info.json");
  const { text } = await server.get("metrics");
  const exposed = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const [, help] = /^# HELP (\S+)/.exec(line) ?? [];
    if (help !== undefined) exposed.set(help, exposed.get(help) ?? new Set());
    const [, name, labels = ""] = /^([a-z_\d]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === undefined) continue;
    const knownLabels = exposed.get(name) ?? new Set();
    for (const [, label] of labels.matchAll(/([a-z_]+)="/g)) knownLabels.add(label!);
    exposed.set(name, knownLabels);
  }
  const dashboard = JSON.parse(read("grafana/dashboards/siedd.json"));
  const [source] = parse(read("grafana/provisioning/datasources/prometheus.yml")).datasources;
  const shown = new Set<string>();
  for (const { title, targets, datasource } of dashboard.panels) {
    assert.equal(datasource.uid, source.uid);
    for (const { expr } of targets as { expr: string }[]) {
      for (const [, name, selector] of expr.matchAll(/\b((?:siedd|process|nodejs)_[a-z_\d]+)\{([^}]*)\}/g)) {
        shown.add(name!);
        const labels = exposed.get(name!);
        assert.ok(labels !== undefined, `${title} shows ${name}, which the server does not expose`);
        for (const [, label] of selector!.matchAll(/([a-z_]+)=/g)) {
          if (label !== "instance") assert.ok(labels.has(label!), `${title} selects ${name} by ${label}`);
        }
      }
      const [, by] = /sum by \(([^)]*)\)/.exec(expr) ?? [];
      const [, metric] = /((?:siedd)_[a-z_\d]+)\{/.exec(expr) ?? [];
      for (const label of by?.split(", ") ?? [])
        assert.ok(exposed.get(metric!)!.has(label), `${title} sums ${metric} by ${label}`);
    }
  }
  // Every metric of the server is shown, with these exceptions.
  const ownMetrics = [...exposed.keys()].filter((name) =>
    /^siedd_[a-z_]+(?<!_sum|_count|_bucket)$/.test(name),
  );
  const missing = ownMetrics.filter((name) => ![...shown].some((other) => other.startsWith(name)));
  assert.deepEqual(missing, [
    "siedd_decoded_frames_total",
    "siedd_work_bytes_total",
    "siedd_origin_bytes_total",
  ]);
});
