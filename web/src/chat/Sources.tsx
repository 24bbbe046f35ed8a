// The passages an answer cites, and the document open at the one that is chosen.
import { X } from "lucide-react";
import { lazy, Suspense, useEffect, useRef } from "react";
import type { Citation } from "@/api/types";
import { useWords } from "@/i18n";
import { Skeleton } from "@/ui/Pending";

const DocumentView = lazy(() => import("@/documents/DocumentView"));

export interface OpenSource {
  message: string;
  marker: number;
}

export function Sources({ citations, marker, onChoose, onClose }: {
  citations: readonly Citation[];
  marker: number;
  onChoose: (marker: number) => void;
  onClose: () => void;
}) {
  const { t } = useWords();
  const panel = useRef<HTMLElement>(null);
  const current = citations.find((one) => one.marker === marker) ?? citations[0];
  useEffect(() => {
    const chosen = panel.current?.querySelector<HTMLElement>(`[data-source="${marker}"]`);
    chosen?.focus({ preventScroll: true });
    chosen?.scrollIntoView({ block: "nearest" });
  }, [marker]);
  return (
    <aside
      className="panel"
      aria-label={t("source.panel")}
      ref={panel}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        event.preventDefault();
        onClose();
      }}
    >
      <div className="bar">
        <h2>{t("source.panel")}</h2>
        <span className="faint num">{citations.length}</span>
        <button type="button" className="iconbtn push" aria-label={t("source.close")} aria-keyshortcuts="Escape" onClick={onClose}>
          <X className="i" aria-hidden="true" />
        </button>
      </div>
      <ol className="panel__list">
        {citations.map((one) => (
          <li key={one.marker}>
            <button type="button" className="source" data-source={one.marker} aria-current={one === current ? "true" : undefined} onClick={() => onChoose(one.marker)}>
              <span className="source__n">{one.marker}</span>
              <span className="row">
                <span className="strong cut">{one.title}</span>
                {one.page ? <span className="muted small nowrap push num">{t("source.page", { page: one.page })}</span> : null}
              </span>
              <span className={one === current ? "source__quote" : "source__quote source__quote--one"}>{t("quote.marks", { text: one.quote.trim() })}</span>
            </button>
          </li>
        ))}
      </ol>
      {current ? (
        <Suspense fallback={<div className="viewer"><div className="viewer__page"><Skeleton lines={8} /></div></div>}>
          <DocumentView key={current.document} document={current.document} passage={current.passage} quote={current.quote} page={current.page ?? null} title={current.title} />
        </Suspense>
      ) : null}
    </aside>
  );
}
