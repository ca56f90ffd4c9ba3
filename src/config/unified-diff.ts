/** Lines that are taken out and put in before the line `at`, from 0. */
export interface LineEdit {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly string[];
}

const CONTEXT = 3;

/** Edits of one file, in the order of their lines, as a unified diff that `git apply` and `patch -p1` take. */
export function unifiedDiff(path: string, text: string, edits: readonly LineEdit[]): string {
  const lines = text.split("\n");
  // What follows the last line's end is no line.
  const ended = lines.at(-1) === "";
  if (ended) lines.pop();
  const name = path.replace(/^\/+/, "");
  const out = [`--- a/${name}`, `+++ b/${name}`];
  let grown = 0;
  for (const hunk of hunksOf(edits)) {
    const start = Math.max(0, (hunk[0]?.at ?? 0) - CONTEXT);
    const last = hunk.at(-1);
    const end = Math.min(lines.length, (last === undefined ? 0 : last.at + last.remove) + CONTEXT);
    const body: string[] = [];
    let at = start;
    for (const edit of hunk) {
      for (; at < edit.at; at += 1) body.push(` ${lines[at] ?? ""}`);
      for (; at < edit.at + edit.remove; at += 1) body.push(`-${lines[at] ?? ""}`);
      for (const line of edit.insert) body.push(`+${line}`);
    }
    for (; at < end; at += 1) body.push(` ${lines[at] ?? ""}`);
    const growth = hunk.reduce((sum, edit) => sum + edit.insert.length - edit.remove, 0);
    out.push(`@@ -${start + 1},${end - start} +${start + 1 + grown},${end - start + growth} @@`, ...body);
    if (end === lines.length && !ended) out.push("\\ No newline at end of file");
    grown += growth;
  }
  return `${out.join("\n")}\n`;
}

/** Edits whose context would meet stand in one hunk. */
function hunksOf(edits: readonly LineEdit[]): LineEdit[][] {
  const hunks: LineEdit[][] = [];
  for (const edit of edits) {
    const open = hunks.at(-1);
    const before = open?.at(-1);
    if (open !== undefined && before !== undefined && edit.at - (before.at + before.remove) <= 2 * CONTEXT) open.push(edit);
    else hunks.push([edit]);
  }
  return hunks;
}
