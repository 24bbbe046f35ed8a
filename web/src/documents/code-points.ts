// The server counts in code points, JavaScript in UTF-16 units: an emoji is one there and two here.

function unitsOf(text: string, points: number): number {
  let units = 0;
  for (let left = points; left > 0 && units < text.length; left -= 1) units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}

/** Before, within and after a range of code points; null when the range does not touch the text. */
export function splitByCodePoints(text: string, start: number, end: number): readonly [string, string, string] | null {
  if (end <= 0 || end <= start) return null;
  const from = unitsOf(text, Math.max(0, start));
  const to = unitsOf(text, end);
  if (from >= text.length) return null;
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}
