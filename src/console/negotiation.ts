/**
 * The first of the offered media types that an Accept header likes best (RFC 9110, section 12.5.1); undefined where it takes none of them.
 * The order of `offered` decides between equals.
 */
export function chooseType<const Offer extends string>(accept: string | undefined, offered: readonly Offer[]): Offer | undefined {
  if (accept === undefined || accept.trim() === "") return offered[0];
  const ranges = accept.split(",").slice(0, 50).flatMap(readRange);
  let best: { readonly offer: Offer; readonly weight: number } | undefined;
  for (const offer of offered) {
    const weight = weightOf(offer, ranges);
    if (weight > (best?.weight ?? 0)) best = { offer, weight };
  }
  return best?.offer;
}

interface Range {
  readonly type: string;
  readonly weight: number;
}

function readRange(written: string): Range[] {
  const [type, ...parameters] = written.split(";").map((part) => part.trim().toLowerCase());
  if (type === undefined || !/^[\w.+*-]+\/[\w.+*-]+$/.test(type)) return [];
  const weight = parameters.flatMap((parameter) => /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameter)?.[1] ?? [])[0];
  return [{ type, weight: weight === undefined ? 1 : Number(weight) }];
}

/** The most specific range decides. */
function weightOf(offer: string, ranges: readonly Range[]): number {
  const family = `${offer.slice(0, offer.indexOf("/"))}/*`;
  const matching = [offer, family, "*/*"].map((type) => ranges.find((range) => range.type === type));
  return matching.find((range) => range !== undefined)?.weight ?? 0;
}
