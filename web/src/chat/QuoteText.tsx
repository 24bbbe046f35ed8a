// A quote in the document's own words. A row of a table stands under its table's first row, cell by cell.
import type { Citation } from "@/api/types";
import { useWords } from "@/i18n";

const cellBorder = " | ";

export function QuoteText({ citation }: { citation: Citation }) {
  const { t } = useWords();
  const text = citation.quote.trim();
  if (!citation.header) return <p>{t("quote.marks", { text })}</p>;
  return (
    <div className="quote__table" tabIndex={0} role="region" aria-label={t("quote.table")}>
      <table>
        <thead><tr>{citation.header.split(cellBorder).map((cell, index) => <th key={index} scope="col">{cell}</th>)}</tr></thead>
        <tbody><tr>{text.split(cellBorder).map((cell, index) => <td key={index}>{cell}</td>)}</tr></tbody>
      </table>
    </div>
  );
}
