/**
 * Draws a V8 CPU profile as a flame graph: an SVG that needs no script, widest stacks first.
 *
 *   node scripts/flame.mjs PROFILE.cpuprofile OUT.svg [TITLE]
 *
 * Idle time is left out, and so is what ran less than a thousandth of the rest. Colours tell where a function lives: ours, packages, Node.
 */
import { readFileSync, writeFileSync } from "node:fs";

const [profileFile, out, title = "CPU"] = process.argv.slice(2);
if (profileFile === undefined || out === undefined) {
  process.stderr.write("Usage: node scripts/flame.mjs PROFILE.cpuprofile OUT.svg [TITLE]\n");
  process.exit(2);
}
const WIDTH = 1_200;
const ROW = 15;
const LEAST = 0.001;

const profile = JSON.parse(readFileSync(profileFile, "utf8"));
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
const selfMicros = new Map();
profile.samples.forEach((id, index) => selfMicros.set(id, (selfMicros.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0)));
const IDLE = new Set(["(idle)", "(program)"]);

/** Frames with equal names under one parent are one frame: what called it from which line is of no interest here. */
function frame(ids, name) {
  const children = new Map();
  let micros = 0;
  for (const id of ids) {
    micros += selfMicros.get(id) ?? 0;
    for (const child of nodes.get(id).children ?? []) {
      const { functionName, url } = nodes.get(child).callFrame;
      if (IDLE.has(functionName)) continue;
      const place = url.startsWith("node:") ? "node" : url === "" ? "v8" : url.includes("node_modules") ? "package" : "ours";
      const key = `${functionName || "(anonymous)"}\0${place}`;
      children.set(key, [...(children.get(key) ?? []), child]);
    }
  }
  const below = [...children].map(([key, group]) => ({ ...frame(group, key.split("\0")[0]), place: key.split("\0")[1] }));
  for (const child of below) micros += child.micros;
  return { name, micros, below: below.sort((one, other) => other.micros - one.micros) };
}

const COLOURS = { ours: "#f4b183", package: "#c6d9a8", node: "#b7cde8", v8: "#dddddd" };
const boxes = [];
let deepest = 0;
function draw({ name, micros, below, place = "v8" }, left, depth, total) {
  const width = (micros / total) * WIDTH;
  if (micros / total < LEAST) return;
  deepest = Math.max(deepest, depth);
  const label = width > 30 ? name.slice(0, Math.floor(width / 6.2)) : "";
  const share = `${name}: ${((micros / total) * 100).toFixed(1)} %`;
  boxes.push(
    `<g><title>${escape(share)}</title><rect x="${left.toFixed(1)}" y="@${depth}@" width="${Math.max(0.5, width - 0.3).toFixed(1)}" height="${ROW - 1}" fill="${COLOURS[place]}"/>${label === "" ? "" : `<text x="${(left + 3).toFixed(1)}" y="@${depth}t@">${escape(label)}</text>`}</g>`,
  );
  let at = left;
  for (const child of below) {
    draw(child, at, depth + 1, total);
    at += (child.micros / total) * WIDTH;
  }
}
const root = frame([profile.nodes[0].id], "all");
draw(root, 0, 0, root.micros);

const height = (deepest + 3) * ROW;
const y = (depth) => height - (depth + 1) * ROW;
const body = boxes.map((box) =>
  box.replace(/@(\d+)@/, (_, depth) => y(Number(depth))).replace(/@(\d+)t@/, (_, depth) => y(Number(depth)) + 11),
);
writeFileSync(
  out,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10"><rect width="100%" height="100%" fill="#fff"/><text x="4" y="12" font-size="12">${escape(title)} (orange: ours and what is joined with it; blue: Node; grey: V8 and system)</text>${body.join("")}</svg>\n`,
);

function escape(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
