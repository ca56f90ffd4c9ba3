import type { Finding } from "../../model/finding.js";

/** A line of the redacted structure; `findings` are numbers of the findings that point here. */
export interface StructureLine {
  readonly depth: number;
  readonly key: string | undefined;
  readonly text: string;
  readonly findings: readonly number[];
}

/** Lines that a page shows of one structure. */
const LINES = 2_000;

/**
 * Lays out a structure a member a line, and puts each finding to the line that it points at; where the structure does not go so far (items past
 * the eighth are only counted), to the nearest line above.
 */
export function structureLines(
  structure: string,
  findings: readonly Finding[],
): { readonly lines: readonly StructureLine[]; readonly whole: boolean } {
  let root: unknown;
  try {
    root = JSON.parse(structure);
  } catch {
    return { lines: [{ depth: 0, key: undefined, text: structure, findings: [] }], whole: true };
  }
  const placed = placeFindings(root, findings);
  const lines: StructureLine[] = [];
  const add = (node: unknown, key: string | undefined, pointer: string, depth: number, comma: string): void => {
    if (lines.length > LINES) return;
    const at = placed.get(pointer) ?? [];
    if (typeof node !== "object" || node === null) {
      lines.push({ depth, key, text: `${typeof node === "string" ? node : JSON.stringify(node)}${comma}`, findings: at });
      return;
    }
    const members = Object.entries(node);
    const [open, close] = Array.isArray(node) ? ["[", "]"] : ["{", "}"];
    if (members.length === 0) {
      lines.push({ depth, key, text: `${open}${close}${comma}`, findings: at });
      return;
    }
    lines.push({ depth, key, text: open, findings: at });
    members.forEach(([name, value], index) =>
      add(value, Array.isArray(node) ? undefined : name, `${pointer}/${escaped(name)}`, depth + 1, index < members.length - 1 ? "," : ""),
    );
    lines.push({ depth, key: undefined, text: `${close}${comma}`, findings: [] });
  };
  add(root, undefined, "", 0, "");
  return { lines: lines.slice(0, LINES), whole: lines.length <= LINES };
}

function placeFindings(root: unknown, findings: readonly Finding[]): ReadonlyMap<string, readonly number[]> {
  const placed = new Map<string, number[]>();
  findings.forEach(({ pointer }, index) => {
    if (pointer !== "" && !pointer.startsWith("/")) return;
    const at = deepest(root, pointer);
    placed.set(at, [...(placed.get(at) ?? []), index]);
  });
  return placed;
}

/** The longest part of a pointer (RFC 6901) that leads somewhere. */
function deepest(root: unknown, pointer: string): string {
  let node = root;
  let reached = "";
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return reached;
    node = Object.getOwnPropertyDescriptor(node, key)?.value;
    reached += `/${part}`;
  }
  return reached;
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
