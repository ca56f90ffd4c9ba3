import { constText, type Value } from "./python/value.js";
import { describe } from "./python/describe.js";

/** What a URL's text says about where a call goes. */
export type HostGuess =
  | { readonly kind: "external"; readonly host: string; readonly setting: string | undefined }
  | { readonly kind: "internal"; readonly host: string; readonly setting: string | undefined; readonly why: string }
  /** A setting without a default that the checkout shows. */
  | { readonly kind: "setting"; readonly setting: string }
  | { readonly kind: "unknown"; readonly what: string };

/** Values of settings that the checkout's own compose files, charts and `.env` files give. */
export type SettingValues = ReadonlyMap<string, string>;

/** Where a URL leads; one guess for each alternative. */
export function hostsOf(url: Value, settings: SettingValues, routes: ReadonlySet<string>): HostGuess[] {
  const alternatives = url.k === "union" ? url.of : [url];
  const guesses = alternatives.map((one) => hostOf(one, settings, routes));
  const seen = new Set<string>();
  return guesses.filter((guess) => {
    const key = guess.kind + ("host" in guess ? guess.host : guess.kind === "setting" ? guess.setting : guess.what);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function hostOf(value: Value, settings: SettingValues, routes: ReadonlySet<string>): HostGuess {
  const { head, setting, tail } = headOf(value, settings);
  const parsed = /^\s*(?:https?|wss?):\/\/(?:[^/@?#]*@)?(\[[^\]]*\]|[^/:?#]*)/i.exec(head);
  const host = (parsed?.[1] ?? "").toLowerCase().replace(/\.$/, "");
  if (host !== "") {
    if (host.includes("{")) return { kind: "unknown", what: host };
    const why = internalReason(host);
    return why === undefined ? { kind: "external", host, setting } : { kind: "internal", host, setting, why };
  }
  if (setting !== undefined) {
    const path = /\/?(?:api\/[^?#{]*)/.exec(tail)?.[0];
    if (path !== undefined && routes.has(normalRoute(path))) {
      return { kind: "internal", host: setting, setting, why: "the path is a route of this checkout" };
    }
    return { kind: "setting", setting };
  }
  return { kind: "unknown", what: value.k === "unknown" ? "the call's text names none" : describe(value) };
}

/** The literal start of a URL, through the default of the setting that it begins with. */
function headOf(value: Value, settings: SettingValues): { head: string; setting: string | undefined; tail: string } {
  switch (value.k) {
    case "const":
      return { head: constText(value) ?? "", setting: undefined, tail: constText(value) ?? "" };
    case "text": {
      const [first, ...rest] = value.parts;
      const tail = rest.map((part) => (typeof part === "string" ? part : "{}")).join("");
      if (typeof first === "string")
        return { head: first + tail.replaceAll("{}", first.includes("://") ? "{}" : ""), setting: undefined, tail: first + tail };
      if (first === undefined) return { head: "", setting: undefined, tail: "" };
      const inner = headOf(first, settings);
      return { head: inner.head === "" ? "" : inner.head + tail, setting: inner.setting, tail: inner.tail + tail };
    }
    case "env": {
      const name = constText(value.name);
      const given = name === undefined ? undefined : settings.get(name);
      const fallback = value.fallback === undefined ? "" : headOf(value.fallback, settings).head;
      return { head: fallback !== "" ? fallback : (given ?? ""), setting: name, tail: "" };
    }
    case "union": {
      const heads = value.of.map((one) => headOf(one, settings));
      return (
        heads.find((one) => one.head !== "") ?? heads.find((one) => one.setting !== undefined) ?? { head: "", setting: undefined, tail: "" }
      );
    }
    case "part":
      // `settings.X` where the settings module does not say what X is.
      return { head: settings.get(value.name) ?? "", setting: /^[A-Z][A-Z0-9_]{3,}$/.test(value.name) ? value.name : undefined, tail: "" };
    case "external": {
      const name = value.name.slice(value.name.lastIndexOf(".") + 1);
      const isSetting = /^[A-Z][A-Z0-9_]{3,}$/.test(name);
      return { head: isSetting ? (settings.get(name) ?? "") : "", setting: isSetting ? name : undefined, tail: "" };
    }
    default:
      return { head: "", setting: undefined, tail: "" };
  }
}

/** Why a host is inside the installation; undefined where it is not. */
export function internalReason(host: string): string | undefined {
  const name = host.replace(/^\[|\]$/g, "");
  if (name === "localhost" || name === "::1" || name === "0.0.0.0" || /^127\./.test(name)) return "a loopback address";
  if (/^(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(name))
    return "a private address";
  if (/^f[cd][0-9a-f]{2}:/i.test(name) || /^fe80:/i.test(name)) return "a private address";
  if (/\.(?:svc|svc\.cluster\.local|cluster\.local|local|internal|localhost|localdomain|test|invalid|lan)$/.test(name))
    return "a name that only the cluster resolves";
  if (!name.includes(".") && !name.includes(":")) return "a single-label service name";
  return undefined;
}

/** A route or path with its variable parts made alike. */
export function normalRoute(path: string): string {
  return `/${path.replace(/^\/+|\/+$/g, "").replace(/<[^>]*>|\{[^}]*\}/g, "{}")}`;
}

/** `NAME=value` and `NAME: value` lines of compose files, charts and `.env` files; the first of a name holds. */
export function readSettings(text: string, into: Map<string, string>): void {
  for (const match of text.matchAll(
    /^[ \t]*(?:-[ \t]*|export[ \t]+)?["']?([A-Z][A-Z0-9_]{3,})["']?[ \t]*[:=][ \t]*["']?(https?:\/\/[^\s"'#]+)/gm,
  )) {
    const [, name, value] = match;
    if (name !== undefined && value !== undefined && !into.has(name)) into.set(name, value);
  }
}
