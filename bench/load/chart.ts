/** CPU a request, microseconds, by scenario and proxy. */
export type ChartRows = ReadonlyMap<string, ReadonlyMap<string, number>>;

const WIDTH = 820;
const LEFT = 190;
const BAR = 14;
const COLOURS = new Map([
  ["ours", "#c55a11"],
  ["bare undici", "#7f9fc4"],
  ["Squid, no inspection", "#a3b18a"],
  ["mitmproxy", "#b5a7c9"],
  ["HAProxy, re-encrypting", "#bdbdbd"],
]);

/** Bars on a logarithmic scale, since the proxies lie two powers of ten apart; each bar says its figure. An SVG without script. */
export function chart(rows: ChartRows, title: string): string {
  const figures = [...rows.values()].flatMap((row) => [...row.values()]);
  const [least, most] = [Math.min(...figures) / 2, Math.max(...figures)];
  const x = (value: number): number => LEFT + (Math.log(value / least) / Math.log(most / least)) * (WIDTH - LEFT - 70);
  const parts: string[] = [];
  let y = 40;
  for (const [scenario, row] of rows) {
    parts.push(`<text x="6" y="${y + 11}" font-weight="bold">${plain(scenario)}</text>`);
    y += BAR + 4;
    for (const [name, value] of row) {
      parts.push(
        `<text x="${LEFT - 6}" y="${y + 11}" text-anchor="end">${plain(name)}</text>`,
        `<rect x="${LEFT}" y="${y + 1}" width="${Math.max(1, x(value) - LEFT).toFixed(1)}" height="${BAR - 2}" fill="${COLOURS.get(name) ?? "#999"}"/>`,
        `<text x="${(x(value) + 4).toFixed(1)}" y="${y + 11}">${Math.round(value).toLocaleString("en")}</text>`,
      );
      y += BAR;
    }
    y += 10;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/><text x="6" y="18" font-size="14">${plain(title)}</text>${parts.join("")}</svg>\n`;
}

function plain(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
