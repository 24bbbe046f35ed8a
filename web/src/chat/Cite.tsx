import type { Citation } from "@/api/types";
import { useWords } from "@/i18n";

/** A number that opens its passage. Its width is final from the first frame. */
export function Cite({ citation, current, onCite }: {
  citation: Citation;
  current: boolean;
  onCite: (marker: number, element: HTMLElement) => void;
}) {
  const { t } = useWords();
  const where = citation.page ? `${citation.title}, ${t("source.page", { page: citation.page })}` : citation.title;
  return (
    <button
      type="button"
      className="cite"
      data-marker={citation.marker}
      aria-current={current ? "true" : undefined}
      aria-label={t("source.number", { number: citation.marker })}
      aria-description={where}
      title={where}
      onClick={(event) => onCite(citation.marker, event.currentTarget)}
    >
      {citation.marker}
    </button>
  );
}
