// One document on its own, wide.
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { Problem } from "@/api/http";
import { documentQuery } from "@/api/queries";
import { useWords } from "@/i18n";
import { NotFound } from "@/shell/NotFound";
import { PageTitle, RailButton, Square } from "@/shell/page";
import { Label } from "@/ui/Label";
import DocumentView from "./DocumentView";

export default function DocumentScreen({ id }: { id: string }) {
  const { t } = useWords();
  const { data, error } = useQuery(documentQuery(id));
  const query = new URLSearchParams(window.location.search);
  if (error instanceof Problem && error.status === 404) return <NotFound />;
  return (
    <Square>
      <div className="bar">
        <RailButton />
        <nav aria-label={t("nav.path")} className="row small bar__path">
          <Link href="/documents" className="wide-only">{t("nav.documents")}</Link>
          <span className="faint wide-only" aria-hidden="true">/</span>
          {data ? <Link href={`/documents/${data.collection}`}><span className="cut">{data.collection_name ?? t("nav.documents")}</span></Link> : null}
          <span className="faint" aria-hidden="true">/</span>
        </nav>
        <PageTitle className="cut" title={data?.title ?? ""}>{data?.title ?? "…"}</PageTitle>
        {data ? <Label id={data.label} /> : null}
      </div>
      <DocumentView document={id} passage={query.get("passage")} quote={query.get("quote")} page={Number(query.get("page")) || null} title={data?.title ?? ""} full />
    </Square>
  );
}
