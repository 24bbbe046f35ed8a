// Copies an answer so that it pastes well everywhere: formatted for a word processor, Markdown as plain text.
import type { Citation } from "@/api/types";

export async function copyAnswer(prose: HTMLElement | null, markdown: string, citations: readonly Citation[], pageWord: (page: number) => string): Promise<void> {
  const sources = citations.map((one) => `[${one.marker}] ${one.title}${one.page ? `, ${pageWord(one.page)}` : ""}`);
  const text = sources.length > 0 ? `${markdown}\n\n${sources.join("\n")}` : markdown;
  if (!prose || typeof ClipboardItem === "undefined") {
    await navigator.clipboard.writeText(text);
    return;
  }
  const html = richText(prose, sources);
  await navigator.clipboard.write([
    new ClipboardItem({
      "text/html": new Blob([html], { type: "text/html" }),
      "text/plain": new Blob([text], { type: "text/plain" }),
    }),
  ]);
}

export function richText(prose: HTMLElement, sources: readonly string[]): string {
  const copy = prose.cloneNode(true) as HTMLElement;
  for (const cite of copy.querySelectorAll<HTMLElement>("[data-marker]")) cite.replaceWith(`[${cite.dataset.marker ?? ""}]`);
  for (const extra of copy.querySelectorAll("button, figcaption, svg, .caret")) extra.remove();
  for (const element of copy.querySelectorAll("*")) {
    for (const { name } of [...element.attributes]) if (name !== "href" && name !== "start") element.removeAttribute(name);
  }
  if (sources.length > 0) {
    const list = document.createElement("p");
    sources.forEach((source, index) => {
      if (index > 0) list.append(document.createElement("br"));
      list.append(source);
    });
    copy.append(list);
  }
  return copy.innerHTML;
}
