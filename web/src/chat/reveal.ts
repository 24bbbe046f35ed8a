// How much of a growing answer can be shown without what is already on the screen having to move.

/** The end of what is whole: words, citation numbers, a table's first lines, the line that opens a code block. */
export function wholeText(text: string): string {
  let end = text.length;
  if (end > 0 && !/\s$/.test(text)) {
    const word = /\S*$/.exec(text)?.[0] ?? "";
    // A very long word is code or an address; waiting for its end would look like a stop.
    if (word.length < 80) end -= word.length;
  }
  let shown = text.slice(0, end);
  // "accord [1]" arrives as "accord" and "[1]": the word waits for its number when the number has begun.
  if (/^\s*\[\d{0,3}$/.test(text.slice(shown.trimEnd().length))) shown = shown.trimEnd().replace(/\S+$/, "");
  return withoutUnfinishedBlock(shown);
}

function withoutUnfinishedBlock(text: string): string {
  const lineStart = text.lastIndexOf("\n") + 1;
  const line = text.slice(lineStart).trimStart();
  if (line.startsWith("```") || line.startsWith("~~~")) return text.slice(0, lineStart);
  if (line.startsWith("|")) return tableHead(text.slice(0, lineStart));
  return tableHead(text);
}

// A table shows once its line of dashes is there: before, it would be a paragraph that turns into a table.
function tableHead(text: string): string {
  const lines = text.replace(/\n$/, "").split("\n");
  let first = lines.length;
  while (first > 0 && lines[first - 1]?.trimStart().startsWith("|")) first -= 1;
  const rows = lines.length - first;
  if (rows !== 1) return text;
  return lines.slice(0, first).join("\n") + (first > 0 ? "\n" : "");
}

/** Closes emphasis and code that the end of a growing text leaves open, so that marks never show and then vanish. */
export function closeOpenMarks(text: string): string {
  const paragraph = text.slice(text.lastIndexOf("\n\n") + 1);
  if (/(^|\n)(```|~~~)/.test(paragraph)) return text;
  const trimmed = text.trimEnd();
  const ticks = (paragraph.match(/`/g) ?? []).length;
  if (ticks % 2 === 1) return `${trimmed}\``;
  const stars = (paragraph.match(/\*\*/g) ?? []).length;
  if (stars % 2 === 1) return trimmed.endsWith("**") ? trimmed.slice(0, -2) : `${trimmed}**`;
  return text;
}
