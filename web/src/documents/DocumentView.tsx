// A document open at a passage: a PDF as its printed pages, everything else as its text.
import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Download, Maximize2 } from "lucide-react";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { contentQuery } from "@/api/queries";
import { useWords } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Pending";
import { explain } from "@/ui/problem";
import { PageImage } from "./PageImage";
import { TextBlocks } from "./TextBlocks";

export default function DocumentView({ document, passage, page, title, full = false }: {
  document: string;
  passage: string | null;
  page: number | null;
  title: string;
  full?: boolean;
}) {
  const words = useWords();
  const { t } = words;
  const { data, error } = useQuery(contentQuery(document, passage));
  const printed = data?.media_type === "application/pdf" && (data.pages ?? 0) > 0;
  const start = data?.highlight?.page || page || 1;
  const [at, setAt] = useState(start);
  useEffect(() => setAt(start), [start, passage]);
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
            <Link className="iconbtn iconbtn--small" href={`/d/${document}${passage ? `?passage=${encodeURIComponent(passage)}` : ""}`} aria-label={t("document.enlarge")} title={t("document.enlarge")}>
              <Maximize2 className="i i--s" aria-hidden="true" />
            </Link>
          )}
          <a className="iconbtn iconbtn--small" href={`/api/documents/${document}/file`} download aria-label={t("document.download")} title={t("document.download")}>
            <Download className="i i--s" aria-hidden="true" />
          </a>
        </span>
      </div>
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
