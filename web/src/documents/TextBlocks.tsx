// A document's text, block by block, with the passage marked. Only the blocks in sight are in the page.
import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { Virtualizer } from "virtua";
import type { VirtualizerHandle } from "virtua";
import type { Block, DocumentContent } from "@/api/types";
import { useWords } from "@/i18n";
import { splitByCodePoints } from "./code-points";

export function TextBlocks({ content }: { content: DocumentContent }) {
  const { t } = useWords();
  const scroll = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const { blocks, highlight } = content;
  const first = highlight ? blocks.findIndex((block, index) => highlight.start < (blocks[index + 1]?.start ?? Number.POSITIVE_INFINITY) && block.start < highlight.end) : -1;
  useEffect(() => {
    if (first < 0) return;
    list.current?.scrollToIndex(first, { align: "center" });
    // A long block's middle is not where the passage is: once it is drawn, the mark itself is brought in sight.
    const timer = window.setTimeout(() => scroll.current?.querySelector("mark")?.scrollIntoView({ block: "center" }), 60);
    return () => window.clearTimeout(timer);
  }, [first, highlight]);
  return (
    <div className="viewer__page" tabIndex={0} role="region" aria-label={t("document.text")} ref={scroll}>
      <div className="sheet sheet--text">
        <Virtualizer ref={list} scrollRef={scroll} startMargin={32}>
          {blocks.map((block, index) => {
            const marked = highlight ? splitByCodePoints(block.text, highlight.start - block.start, highlight.end - block.start) : null;
            const newPage = Boolean(block.page) && block.page !== blocks[index - 1]?.page;
            return (
              <div className={marked ? "sheet__block hit" : "sheet__block"} key={block.start}>
                {newPage && index > 0 ? <p className="sheet__page">{t("source.page", { page: block.page ?? 0 })}</p> : null}
                <TextBlock block={block} marked={marked} />
              </div>
            );
          })}
        </Virtualizer>
      </div>
    </div>
  );
}

type Marked = readonly [string, string, string] | null;

export function TextBlock({ block, marked }: { block: Block; marked: Marked }): ReactNode {
  if (block.kind === "table") return <TableBlock text={block.text} marked={marked} />;
  const text: ReactNode = marked ? <>{marked[0]}<mark>{marked[1]}</mark>{marked[2]}</> : block.text;
  switch (block.kind) {
    case "heading":
      return (block.level ?? 1) <= 2 ? <h3>{text}</h3> : <h4>{text}</h4>;
    case "list":
      return <p className="sheet__item" data-depth={Math.min(block.level ?? 1, 4)}>{text}</p>;
    case "code":
      return <pre>{text}</pre>;
    case "quote":
      return <blockquote>{text}</blockquote>;
    default:
      return <p>{text}</p>;
  }
}

// One row a line, cells joined by " | ". Whole rows are marked: a cell alone says little.
function TableBlock({ text, marked }: { text: string; marked: Marked }) {
  const { t } = useWords();
  const rows = text.split("\n").map((line) => line.split(" | "));
  const from = marked ? lines(marked[0]) : 0;
  const to = marked ? from + lines(marked[1].trimEnd()) : -1;
  const cell = (row: number, value: string) => (row >= from && row <= to && value ? <mark>{value}</mark> : value);
  const [head, ...body] = rows;
  return (
    <div className="sheet__table" tabIndex={0} role="region" aria-label={t("document.table")}>
      <table>
        <thead><tr>{head?.map((value, index) => <th key={index} scope="col">{cell(0, value)}</th>)}</tr></thead>
        <tbody>
          {body.map((row, at) => (
            <tr key={at} className={at + 1 >= from && at + 1 <= to ? "sheet__row--hit" : undefined}>{row.map((value, index) => <td key={index}>{cell(at + 1, value)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function lines(text: string): number {
  return text.split("\n").length - 1;
}
