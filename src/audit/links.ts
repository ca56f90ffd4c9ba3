import { readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Where links begin, from the checkout's own `.git` folder, read as text: `https://host/owner/name/blob/<commit>/`. Empty, so that links
 * are relative paths, where it names no remote or no commit. Credentials in a remote's URL never get into a link.
 */
export async function linkBase(root: string): Promise<string> {
  const config = await readFile(join(root, ".git", "config"), "utf8").catch(() => "");
  const remote = /\[remote "origin"\][^[]*?url\s*=\s*(\S+)/.exec(config)?.[1];
  const commit = await commitOf(root);
  if (remote === undefined || commit === undefined) return "";
  const web = /^(?:https?:\/\/(?:[^@/]*@)?|ssh:\/\/(?:[^@/]*@)?|(?:[^@/\s]*@))([\w.-]+)(?::\d+)?[:/]+([\w./~-]+?)(?:\.git)?\/?$/.exec(
    remote,
  );
  return web?.[1] === undefined || web[2] === undefined ? "" : `https://${web[1]}/${web[2]}/blob/${commit}/`;
}

async function commitOf(root: string): Promise<string | undefined> {
  const head = (await readFile(join(root, ".git", "HEAD"), "utf8").catch(() => "")).trim();
  if (/^[0-9a-f]{40,64}$/.test(head)) return head;
  const name = /^ref: (refs\/[\w./-]+)$/.exec(head)?.[1];
  if (name === undefined || name.includes("..")) return undefined;
  const loose = (await readFile(join(root, ".git", name), "utf8").catch(() => "")).trim();
  if (/^[0-9a-f]{40,64}$/.test(loose)) return loose;
  const packed = await readFile(join(root, ".git", "packed-refs"), "utf8").catch(() => "");
  const line = packed.split("\n").find((one) => one.endsWith(` ${name}`));
  return line === undefined ? undefined : /^[0-9a-f]{40,64}/.exec(line)?.[0];
}

/** A link to a line, its path percent-encoded. */
export function linkOf(base: string, place: { readonly file: string; readonly line: number }): string {
  const path = place.file.split("/").map(encodeURIComponent).join("/");
  const start = base === "" || base.endsWith("/") ? base : `${base}/`;
  return `${start}${path}#L${place.line}`;
}
