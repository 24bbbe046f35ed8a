// A document open at a passage: a PDF as its printed pages, everything else as its text.
import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Download, Maximize2 } from "lucide-react";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { Problem } from "@/api/http";
import { contentQuery } from "@/api/queries";
import { useWords } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Pending";
import { explain } from "@/ui/problem";
import { PageImage } from "./PageImage";
import { documentPlace } from "./place";
import { TextBlocks } from "./TextBlocks";

export default function DocumentView({ document, passage, quote, page, title, full = false }: {
  document: string;
  passage: string | null;
  /** Words of the passage: only they are marked. */
  quote: string | null;
  page: number | null;
  title: string;
  full?: boolean;
}) {
  const words = useWords();
  const { t } = words;
  const place = useQuery(contentQuery(document, passage, quote));
  // A newer version may have lost the passage; the document is still there to be read.
  const gone = place.error instanceof Problem && place.error.body.detail_code === "passage_gone";
  const whole = useQuery({ ...contentQuery(document), enabled: gone });
  const data = place.data ?? whole.data;
  const error = gone ? whole.error : place.error;
  const printed = data?.media_type === "application/pdf" && (data.pages ?? 0) > 0;
  const start = data?.highlight?.page || page || 1;
  const [at, setAt] = useState(start);
  useEffect(() => setAt(start), [start, passage, quote]);
  const pages = data?.pages ?? 0;
  const where = printed ? t("document.pageOf", { page: at, of: pages }) : full ? t("document.text") : (data?.title ?? title);

  return (
    <section className="viewer" aria-label={t("document.open", { title: data?.title ?? title })}>
      <div className="viewer__bar">
        <span className="strong cut num" role="status">{where}</span>
        {printed ? (
          <>
            <button type="button" className="iconbtn iconbtn--small" aria-label={t("document.previous")} disabled={at <= 1} onClick={() => setAt(at - 1)}>
              <ChevronLeft className="i" aria-hidden="true" />
            </button>
            <button type="button" className="iconbtn iconbtn--small" aria-label={t("document.next")} disabled={at >= pages} onClick={() => setAt(at + 1)}>
              <ChevronRight className="i" aria-hidden="true" />
            </button>
          </>
        ) : null}
        <span className="push row row--tight">
          {full ? null : (
            <Link className="iconbtn iconbtn--small" href={documentPlace(document, passage, quote)} aria-label={t("document.enlarge")} title={t("document.enlarge")}>
              <Maximize2 className="i i--s" aria-hidden="true" />
            </Link>
          )}
          <a className="iconbtn iconbtn--small" href={`/api/documents/${document}/file`} download aria-label={t("document.download")} title={t("document.download")}>
            <Download className="i i--s" aria-hidden="true" />
          </a>
        </span>
      </div>
      {gone && data ? <Notice kind="warn"><p>{t("document.passageGone")}</p></Notice> : null}
      {error ? (
        <div className="viewer__page"><Notice kind="warn"><p>{explain(error, words).title}</p></Notice></div>
      ) : !data ? (
        <div className="viewer__page"><Skeleton lines={8} /></div>
      ) : printed ? (
        <PageImage content={data} page={at} full={full} />
      ) : (
        <TextBlocks content={data} />
      )}
    </section>
  );
}
