// Passages word for word, with a word on why nothing was written around them.
import { Quote } from "lucide-react";
import type { Citation, Quoting } from "@/api/types";
import { useWords } from "@/i18n";
import { Cite } from "./Cite";
import { QuoteText } from "./QuoteText";

export function Quotes({ why, citations, current, onCite }: {
  why: Quoting;
  citations: readonly Citation[];
  current: number | null;
  onCite: (marker: number, element: HTMLElement) => void;
}) {
  const { t } = useWords();
  return (
    <div className="outcome">
      <h2><Quote className="i" aria-hidden="true" />{t("quotes.title")}</h2>
      {why === "asked" ? null : <p className="muted">{t(`quotes.${why}`)}</p>}
      {citations.map((citation) => (
        <blockquote className="quote" key={citation.marker}>
          <QuoteText citation={citation} />
          <footer>
            {citation.title}
            {citation.page ? `, ${t("source.page", { page: citation.page })}` : ""}{" "}
            <Cite citation={citation} current={current === citation.marker} onCite={onCite} />
          </footer>
        </blockquote>
      ))}
      <p className="small muted">{t("quotes.nothingAdded")}</p>
    </div>
  );
}
