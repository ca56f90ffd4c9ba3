/**
 * Builds the image without a daemon and without a registry for images, and runs it as a container would be run:
 *
 *   npm run image:check             as root, on Debian 12, with buildah, podman, runc and debootstrap
 *   npm run image:check -- --keep   leaves the image in the storage that it names at the end
 *
 * Base images can't be pulled everywhere, so local ones stand in under the same names: a minimal Debian with Node 24 to build on, and to run on
 * a folder with just the libraries that the distroless image holds. The Dockerfile is the real one.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "diffgram-egress-proxy", "image-bases");
const NODE = "node@24";
const LIMIT_MB = 250;
const IMAGE = "localhost/diffgram-egress-proxy:check";
const RUNTIME_PACKAGES = [
  "libc6",
  "libgcc-s1",
  "libstdc++6",
  "libssl3",
  "ca-certificates",
  "tzdata",
  "netbase",
  "base-files",
  "gcc-12-base",
];

mkdirSync(cache, { recursive: true });
// Without overlays every step of the build is a whole copy of the image: 30 GB, and longer than the compilers take.
const driver = mountsOverlays() ? "overlay" : "vfs";
// podman takes no longer path than 50 characters for what it keeps while it runs.
const store = ["--root", join(cache, `storage-${driver}`), "--runroot", join(tmpdir(), "egress-image-check"), "--storage-driver", driver];
const say = (line) => process.stdout.write(`${line}\n`);

for (const tool of ["buildah", "podman", "runc", "debootstrap"]) {
  if (spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0)
    fail(`${tool} is missing: apt-get install buildah podman runc debootstrap`);
}
if (process.getuid?.() !== 0) fail("Run it as root: debootstrap and chroot isolation need it.");

const build = buildBase();
const runtime = runtimeBase();
importBase(build, "localhost/standin-node:24-bookworm-slim");
importBase(runtime, "localhost/standin-distroless-cc:debian12");

say("Building the image from the Dockerfile.");
run("buildah", [
  ...store,
  "bud",
  "--isolation=chroot",
  "--network=host",
  "--build-arg=NODE_IMAGE=localhost/standin-node:24-bookworm-slim",
  "--build-arg=RUNTIME_IMAGE=localhost/standin-distroless-cc:debian12",
  "--layers",
  "--format=docker",
  `--tag=${IMAGE}`,
  root,
]);

checkImage();
await checkContainer();
if (!process.argv.includes("--keep")) run("buildah", [...store, "rmi", IMAGE], { quiet: true });
say(process.exitCode === undefined ? "The image is as it should be." : "The image is not as it should be.");

// ---- Stand-in bases

function buildBase() {
  const folder = join(cache, "build");
  if (existsSync(join(folder, "usr/local/bin/node"))) return folder;
  say("Making a stand-in for the build base (debootstrap, Node 24).");
  if (!existsSync(join(folder, "etc/debian_version")))
    run("debootstrap", ["--variant=minbase", "--include=ca-certificates", "bookworm", folder]);
  const node = join(cache, "node");
  mkdirSync(node, { recursive: true });
  writeFileSync(join(node, "package.json"), '{"private":true,"allowScripts":{"node":true}}');
  // Its own script fetches the package of this platform, headers and all.
  run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts=false", NODE], { cwd: node });
  const inner = join(node, "node_modules", "node", "node_modules");
  // npm skips scripts of packages that nobody approved; some versions approve none beforehand.
  if (!existsSync(inner) || !readdirSync(inner).some((name) => /^node-linux-/.test(name))) {
    run(process.execPath, ["installArchSpecificPackage"], { cwd: join(node, "node_modules", "node") });
  }
  const packed = readdirSync(inner).find((name) => /^node-linux-/.test(name));
  if (packed === undefined) fail("The package node brought no binary for this platform.");
  for (const part of ["include", "share"]) {
    const from = join(inner, packed, part);
    if (existsSync(from)) cpSync(from, join(folder, "usr/local", part), { recursive: true });
  }
  const npm = [join(dirname(dirname(process.execPath)), "lib/node_modules/npm"), "/usr/lib/node_modules/npm"].find((path) =>
    existsSync(path),
  );
  if (npm === undefined) fail("npm's own folder was not found.");
  cpSync(npm, join(folder, "usr/local/lib/node_modules/npm"), { recursive: true, dereference: true });
  for (const command of ["npm", "npx"]) {
    writeFileSync(
      join(folder, "usr/local/bin", command),
      `#!/bin/sh\nexec /usr/local/bin/node /usr/local/lib/node_modules/npm/bin/${command}-cli.js "$@"\n`,
    );
    chmodSync(join(folder, "usr/local/bin", command), 0o755);
  }
  // A network that ends TLS itself has a root of its own, which this machine knows.
  cpSync("/etc/ssl/certs/ca-certificates.crt", join(folder, "etc/ssl/certs/ca-certificates.crt"), { dereference: true });
  mkdirSync(join(folder, "usr/local/etc"), { recursive: true });
  writeFileSync(join(folder, "usr/local/etc/npmrc"), "cafile=/etc/ssl/certs/ca-certificates.crt\n");
  cpSync(join(inner, packed, "bin/node"), join(folder, "usr/local/bin/node"));
  return folder;
}

function runtimeBase() {
  const folder = join(cache, "runtime");
  if (existsSync(join(folder, "etc/passwd"))) return folder;
  say("Making a stand-in for the runtime base (libraries only).");
  rmSync(folder, { recursive: true, force: true });
  const debs = mkdtempSync(join(tmpdir(), "egress-debs-"));
  chmodSync(debs, 0o777);
  run("apt-get", ["download", ...RUNTIME_PACKAGES], { cwd: debs, quiet: true });
  mkdirSync(folder, { recursive: true });
  for (const deb of readdirSync(debs)) run("dpkg-deb", ["--extract", join(debs, deb), folder]);
  rmSync(debs, { recursive: true, force: true });
  for (const unused of ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/sbin"])
    rmSync(join(folder, unused), { recursive: true, force: true });
  mkdirSync(join(folder, "tmp"), { recursive: true });
  chmodSync(join(folder, "tmp"), 0o1777);
  mkdirSync(join(folder, "etc/ssl/certs"), { recursive: true });
  cpSync(join(cache, "build/etc/ssl/certs/ca-certificates.crt"), join(folder, "etc/ssl/certs/ca-certificates.crt"));
  writeFileSync(
    join(folder, "etc/passwd"),
    "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  );
  return folder;
}

function importBase(folder, name) {
  if (spawnSync("buildah", [...store, "inspect", "--type=image", name], { stdio: "ignore" }).status === 0) return;
  const container = run("buildah", [...store, "from", "scratch"], { quiet: true }).trim();
  run("buildah", [...store, "add", "--quiet", container, folder, "/"], { quiet: true });
  run("buildah", [...store, "config", "--env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", container], {
    quiet: true,
  });
  run("buildah", [...store, "commit", "--quiet", "--rm", container, name], { quiet: true });
}

// ---- What the image has to be

function checkImage() {
  const [image] = JSON.parse(run("podman", [...store, "inspect", IMAGE], { quiet: true }));
  const megabytes = image.Size / 1_000_000;
  const { Config: config } = image;
  expect(megabytes < LIMIT_MB, `It is ${megabytes.toFixed(1)} MB, under ${LIMIT_MB}.`);
  expect(config.User === "10001:10001", `It runs as ${config.User}.`);
  const health = image.Healthcheck ?? config.Healthcheck;
  expect(health !== undefined && JSON.stringify(health).includes("healthcheck.mjs"), "It has a health check.");
  for (const label of ["title", "description", "licenses", "version", "revision"]) {
    expect(typeof config.Labels?.[`org.opencontainers.image.${label}`] === "string", `It has the label ${label}.`);
  }
  const mount = run("podman", [...store, "image", "mount", IMAGE], { quiet: true }).trim();
  try {
    for (const shell of ["bin/sh", "usr/bin/sh", "bin/bash", "usr/bin/apt-get", "usr/local/bin/npm"])
      expect(!existsSync(join(mount, shell)), `It holds no /${shell}.`);
    const sbom = JSON.parse(run("cat", [join(mount, "app/sbom.cdx.json")], { quiet: true }));
    const names = sbom.components.map((component) => component.name);
    expect(
      ["re2", "undici", "better-sqlite3"].every((name) => names.includes(name)),
      `Its SBOM names ${names.length} packages.`,
    );
    expect(!names.includes("typescript"), "Its SBOM, and so the image, holds no development package.");
    expect((statSync(join(mount, "data")).mode & 0o777) === 0o700, "/data is its user's alone.");
  } finally {
    run("podman", [...store, "image", "unmount", IMAGE], { quiet: true });
  }
}

/** As the chart runs it: read-only root, no capability, no new privilege, a number as user. */
async function checkContainer() {
  const folder = mkdtempSync(join(tmpdir(), "egress-image-"));
  for (const name of ["data", "certs"]) mkdirSync(join(folder, name));
  run("chown", ["-R", "10001:10001", folder]);
  const name = `egress-check-${process.pid}`;
  const ports = { proxy: 20_000 + (process.pid % 20_000), metrics: 40_001 + (process.pid % 20_000) };
  const args = ["run", "--rm", `--name=${name}`, "--network=host", "--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"];
  const settings = [
    `--env=EGRESS_PROXY_LISTEN_PROXY=127.0.0.1:${ports.proxy}`,
    `--env=EGRESS_PROXY_LISTEN_METRICS=127.0.0.1:${ports.metrics}`,
    "--env=EGRESS_PROXY_LISTEN_CONSOLE=off",
  ];
  const volumes = [
    `--volume=${folder}/data:/data`,
    `--volume=${folder}/certs:/certs`,
    "--tmpfs=/tmp:size=64m",
    "--ulimit=nofile=1024:1024",
    // What a shell on this machine may have is less than podman asks for.
    "--ulimit=nproc=1024:1024",
    // It would have systemd ask every 15 seconds; here it is asked once.
    "--no-healthcheck",
  ];
  const child = spawn("podman", [...store, "--runtime=runc", ...args, ...settings, ...volumes, IMAGE], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let written = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (written += piece));
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const isReady = await ready(`http://127.0.0.1:${ports.metrics}/readyz`, child);
    expect(isReady, `It becomes ready with a read-only root and without capabilities.${isReady ? "" : `\n${written}`}`);
    // Nothing can be asked of a container that is gone.
    if (!isReady) return;
    run("podman", [...store, "--runtime=runc", "exec", name, "/usr/local/bin/node", "scripts/healthcheck.mjs"], { quiet: true });
    say("ok   Its health check passes.");
    const refused = spawnSync("podman", [...store, "--runtime=runc", "exec", name, "/bin/sh", "-c", "id"], { encoding: "utf8" });
    expect(refused.status !== 0, "No shell can be started in it.");
    const pid = run("podman", [...store, "inspect", "--format={{.State.Pid}}", name], { quiet: true }).trim();
    const status = run("cat", [`/proc/${pid}/status`], { quiet: true });
    expect(
      /^Uid:\s+10001\s/m.test(status) && /^CapEff:\s+0+$/m.test(status) && /^NoNewPrivs:\s+1$/m.test(status),
      "Its process is user 10001, holds no capability and can gain none.",
    );
    say(`     Resident memory at rest: ${Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024)} MiB.`);
    run("podman", [...store, "stop", "--time=20", name], { quiet: true });
    expect((await ended) === 0, "SIGTERM ends it in order, with exit 0.");
    expect(existsSync(join(folder, "certs/ca.crt")), "It wrote its CA to the volume.");
  } finally {
    spawnSync("podman", [...store, "kill", name], { stdio: "ignore" });
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ready(url, child) {
  for (let tries = 0; tries < 240 && child.exitCode === null; tries += 1) {
    try {
      if ((await fetch(url)).status === 200) return true;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return false;
}

// ---- Small things

function mountsOverlays() {
  const folder = mkdtempSync(join(cache, "overlay-"));
  for (const name of ["lower", "upper", "work", "merged"]) mkdirSync(join(folder, name));
  const options = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
  const mounted = spawnSync("mount", ["-t", "overlay", "overlay", "-o", options, join(folder, "merged")]).status === 0;
  if (mounted) spawnSync("umount", [join(folder, "merged")]);
  rmSync(folder, { recursive: true, force: true });
  return mounted;
}

function run(command, args, { cwd = root, quiet = false } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) fail(`${command} ${args.join(" ")} ended with ${result.status}.\n${result.stderr ?? ""}`);
  return result.stdout ?? "";
}

function expect(holds, sentence) {
  say(`${holds ? "ok  " : "FAIL"} ${sentence}`);
  if (!holds) process.exitCode = 1;
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
