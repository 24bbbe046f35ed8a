// All collections that this person may read.
import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { Plus, Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Virtualizer } from "virtua";
import { Link, useLocation } from "wouter";
import { request } from "@/api/http";
import { client, collectionsQuery, sampleQuery } from "@/api/queries";
import type { Collection } from "@/api/types";
import { useWords } from "@/i18n";
import { PageTitle, RailButton, Square } from "@/shell/page";
import { useSession } from "@/shell/session";
import { Label } from "@/ui/Label";
import { Mark, Plan } from "@/ui/Mark";
import { Skeleton } from "@/ui/Pending";
import { useDebounced } from "@/ui/use-debounced";
import { CollectionForm } from "./CollectionForm";
import { readersSentence } from "./readers";

export default function CollectionsScreen() {
  const { t } = useWords();
  const [, navigate] = useLocation();
  const [q, setQ] = useState("");
  const [creating, setCreating] = useState(false);
  const list = useInfiniteQuery({ ...collectionsQuery(useDebounced(q.trim(), 200)), placeholderData: (old) => old });
  const rows = list.data?.pages.flatMap((page) => page.collections) ?? [];
  const scroll = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  useEffect(() => {
    const now = top.current?.offsetTop ?? 0;
    if (now !== margin) setMargin(now);
  });
  const onScroll = () => {
    const at = scroll.current;
    if (at && list.hasNextPage && !list.isFetchingNextPage && at.scrollHeight - at.scrollTop - at.clientHeight < 800) void list.fetchNextPage();
  };
  const empty = list.isSuccess && rows.length === 0 && q.trim() === "";
  return (
    <Square>
      <div className="bar bar--open"><RailButton /></div>
      <div className="scroll" ref={scroll} onScroll={onScroll}>
        <div className="page">
          <div className="page__head">
            <div>
              <PageTitle title={t("nav.documents")}>{t("nav.documents")}</PageTitle>
              <p className="muted">{t("documents.intro")}</p>
            </div>
            <button type="button" className="btn btn--primary" onClick={() => setCreating(true)}><Plus className="i" aria-hidden="true" />{t("collection.new")}</button>
          </div>
          <SampleOffer />
          {list.isPending ? <Skeleton lines={6} /> : null}
          {empty ? (
            <div className="card empty">
              <Mark size={40} />
              <h2>{t("documents.emptyTitle")}</h2>
              <p>{t("documents.emptyText")}</p>
            </div>
          ) : (
            <div className="stack stack--s">
              <div className="search">
                <Search className="i" aria-hidden="true" />
                <input className="input" type="search" aria-label={t("collections.search")} placeholder={t("collections.search")} value={q} onChange={(event) => setQ(event.target.value)} />
              </div>
              <div className="card files" ref={top} aria-busy={list.isPlaceholderData}>
                <Virtualizer scrollRef={scroll} startMargin={margin} as="ul" item="li">
                  {rows.map((row) => <CollectionRow key={row.id} collection={row} />)}
                </Virtualizer>
                {rows.length === 0 && list.isSuccess ? <p className="files__none muted">{t("collections.noneFound")}</p> : null}
              </div>
            </div>
          )}
        </div>
      </div>
      {creating ? <CollectionForm onClose={() => setCreating(false)} onDone={(id) => navigate(`/documents/${id}`)} /> : null}
    </Square>
  );
}

function CollectionRow({ collection }: { collection: Collection }) {
  const words = useWords();
  const { t } = words;
  const running = collection.documents - collection.ready;
  return (
    <Link className="collection" href={`/documents/${collection.id}`}>
      <Plan name={collection.id} color="var(--accent-text)" />
      <span className="collection__text">
        <span className="strong">{collection.name}</span>
        <span className="muted small">{readersSentence(collection.readers ?? [], words)}</span>
      </span>
      <span className="collection__label"><Label id={collection.label} /></span>
      <span className="muted small num collection__n">
        {t("documents.count", { n: collection.documents })}
        {running > 0 ? <span className="faint">, {t("documents.ready", { n: collection.ready })}</span> : null}
      </span>
    </Link>
  );
}

function SampleOffer() {
  const { t } = useWords();
  const { person } = useSession();
  const sample = useQuery(sampleQuery).data;
  const load = useMutation({
    mutationFn: () => request("/api/sample", { method: "POST" }),
    onSettled: () => void client.invalidateQueries({ queryKey: sampleQuery.queryKey }),
  });
  if (!sample || sample.state === "ready" || person.role === "member") return null;
  const loading = sample.state === "loading" || load.isPending;
  return (
    <div className="notice">
      <Mark size={18} />
      <div className="notice__text"><p><strong>{t("sample.title")}</strong> {t("sample.text")}</p></div>
      <button type="button" className="btn btn--small" disabled={loading} aria-busy={loading} onClick={() => load.mutate()}>{loading ? t("sample.loading") : t("sample.load")}</button>
    </div>
  );
}
