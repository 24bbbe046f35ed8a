// One collection: what it is, who reads it, its files.
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { MessageSquare, Pencil, Search, Trash2, Upload as UploadIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Virtualizer } from "virtua";
import { Link, useLocation } from "wouter";
import { Problem, request } from "@/api/http";
import { collectionQuery, documentsQuery } from "@/api/queries";
import type { Collection, Doc } from "@/api/types";
import { useWords } from "@/i18n";
import { deleteLater, useHidden } from "@/shell/deletions";
import { NotFound } from "@/shell/NotFound";
import { PageTitle, RailButton, Square } from "@/shell/page";
import { toast } from "@/shell/status";
import { Label } from "@/ui/Label";
import { ConfirmDialog } from "@/ui/lazy-overlays";
import { MenuButton } from "@/ui/MenuButton";
import { Mark } from "@/ui/Mark";
import { Skeleton } from "@/ui/Pending";
import { useDebounced } from "@/ui/use-debounced";
import { CollectionForm } from "./CollectionForm";
import { DropZone } from "./DropZone";
import { FileRow, UploadRow } from "./FileRow";
import { readersSentence } from "./readers";
import { useUploads } from "./uploads";

type Shown = "all" | "ready" | "running" | "failed";

export default function CollectionScreen({ id }: { id: string }) {
  const { data, error } = useQuery(collectionQuery(id));
  if (error instanceof Problem && error.status === 404) return <NotFound />;
  return <Opened id={id} collection={data} />;
}

function Opened({ id, collection }: { id: string; collection: Collection | undefined }) {
  const words = useWords();
  const { t } = words;
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [q, setQ] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const list = useInfiniteQuery({ ...documentsQuery(id, useDebounced(q.trim(), 200)), placeholderData: (old) => old });
  const uploads = useUploads(id);
  const hidden = useHidden();
  const browse = useRef<HTMLInputElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);

  const all = (list.data?.pages.flatMap((page) => page.documents) ?? []).filter((doc) => !hidden.has(doc.id));
  const stateOf = (doc: Doc): Shown => (doc.state === "ready" ? "ready" : doc.state === "failed" ? "failed" : "running");
  const counts = { ready: 0, running: 0, failed: 0 };
  for (const doc of all) counts[stateOf(doc) as keyof typeof counts] += 1;
  const docs = shown === "all" ? all : all.filter((doc) => stateOf(doc) === shown);
  const pending = q.trim() === "" ? uploads.filter((one) => !(one.document && all.some((doc) => doc.id === one.document))) : [];
  const mayWrite = collection?.may_write ?? false;
  const empty = list.isSuccess && all.length === 0 && pending.length === 0 && q.trim() === "";

  useEffect(() => {
    const top = rows.current?.offsetTop ?? 0;
    if (top !== margin) setMargin(top);
  });
  const nearEnd = () => {
    const at = scroll.current;
    if (at && list.hasNextPage && !list.isFetchingNextPage && at.scrollHeight - at.scrollTop - at.clientHeight < 800) void list.fetchNextPage();
  };

  const deleteDoc = (doc: Doc) =>
    deleteLater(doc.id, `/api/documents/${doc.id}`, { done: t("file.deleted", { name: doc.title || doc.name }), undo: t("action.undo"), failed: t("error.notDeleted") }, () => {
      void client.invalidateQueries({ queryKey: ["documents", id] });
      void client.invalidateQueries({ queryKey: ["collection", id] });
      void client.invalidateQueries({ queryKey: ["collections"] });
    });
  const readAgain = (doc: Doc) =>
    void request(`/api/documents/${doc.id}/retry`, { method: "POST" })
      .catch(() => toast(t("error.notSaved")))
      .finally(() => void client.invalidateQueries({ queryKey: ["documents", id] }));
  const deleteCollection = async () => {
    try {
      await request(`/api/collections/${id}`, { method: "DELETE" });
      await client.invalidateQueries({ queryKey: ["collections"] });
      navigate("/documents");
    } catch {
      toast(t("error.notDeleted"));
    }
  };

  return (
    <Square>
      <div className="bar">
        <RailButton />
        <nav aria-label={t("nav.path")} className="row small">
          <Link href="/documents">{t("nav.documents")}</Link>
          <span className="faint" aria-hidden="true">/</span>
          <span aria-current="page" className="strong cut">{collection?.name}</span>
        </nav>
        {mayWrite ? (
          <span className="push">
            <MenuButton
              label={t("action.more")}
              actions={[
                { id: "edit", name: t("collection.edit"), icon: <Pencil className="i" aria-hidden="true" />, onAction: () => setEditing(true) },
                "-",
                { id: "delete", name: t("collection.delete"), danger: true, icon: <Trash2 className="i" aria-hidden="true" />, onAction: () => setDeleting(true) },
              ]}
            />
          </span>
        ) : null}
      </div>
      <div className="scroll" ref={scroll} onScroll={nearEnd}>
        <div className="page">
          <div className="page__head">
            <div>
              <PageTitle title={collection?.name ?? t("nav.documents")}>{collection?.name ?? "…"}</PageTitle>
              {collection ? (
                <p className="row wrap muted"><Label id={collection.label} /><span>{readersSentence(collection.readers ?? [], words)}</span></p>
              ) : null}
            </div>
            <div className="row wrap">
              <Link className="btn" href={`/?collection=${id}`}><MessageSquare className="i" aria-hidden="true" />{t("collection.ask")}</Link>
              {mayWrite ? (
                <button type="button" className="btn btn--primary" onClick={() => browse.current?.click()}><UploadIcon className="i" aria-hidden="true" />{t("collection.add")}</button>
              ) : null}
            </div>
          </div>
          {mayWrite ? <DropZone collection={id} browse={browse} /> : null}
          {list.isPending ? <Skeleton lines={6} /> : null}
          {empty ? (
            <div className="card empty">
              <Mark size={40} />
              <h2>{t("collection.emptyTitle")}</h2>
              <p>{mayWrite ? t("collection.emptyText") : t("collection.emptyRead")}</p>
            </div>
          ) : (
            <div className="stack stack--s">
              <div className="row wrap">
                <div className="search">
                  <Search className="i" aria-hidden="true" />
                  <input className="input" type="search" aria-label={t("collection.search")} placeholder={t("collection.searchIn", { n: collection?.documents ?? all.length })} value={q} onChange={(event) => setQ(event.target.value)} />
                </div>
                {/* Numbers are given only when every file has been seen. */}
                {!list.hasNextPage && all.length > 0 ? (
                  <div className="row wrap row--chips" role="group" aria-label={t("collection.filter")}>
                    {(["all", "ready", "running", "failed"] as const).map((one) => (
                      <button key={one} type="button" className={one === "failed" && counts.failed > 0 ? "chip chip--bad" : "chip"} aria-pressed={shown === one} onClick={() => setShown(one)}>
                        {t(`filter.${one}`)} <span className="num">{one === "all" ? all.length : counts[one]}</span>
                      </button>
                    ))}
                  </div>
                ) : null}
              </div>
              <div className="card files">
                <div className="file file--head" aria-hidden="true">
                  <span>{t("file.name")}</span><span>{t("label.title")}</span><span>{t("file.state")}</span><span className="file__size">{t("file.size")}</span><span />
                </div>
                <div ref={rows} aria-busy={list.isPlaceholderData}>
                  <Virtualizer scrollRef={scroll} startMargin={margin} as="ul" item="li">
                    {[
                      ...pending.map((one) => <UploadRow key={one.id} upload={one} />),
                      ...docs.map((doc) => (
                        <FileRow key={doc.id} doc={doc} mayWrite={mayWrite} onDelete={() => deleteDoc(doc)} onReplace={() => browse.current?.click()} onReadAgain={() => readAgain(doc)} />
                      )),
                    ]}
                  </Virtualizer>
                </div>
                {docs.length + pending.length === 0 && list.isSuccess ? <p className="files__none muted">{t("collection.noneFound")}</p> : null}
              </div>
            </div>
          )}
        </div>
      </div>
      {editing && collection ? <CollectionForm collection={collection} onClose={() => setEditing(false)} onDone={() => setEditing(false)} /> : null}
      {deleting && collection ? (
        <ConfirmDialog
          title={t("collection.deleteTitle", { name: collection.name })}
          keep={t("action.keep")}
          act={t("collection.deleteAct", { n: collection.documents })}
          onAct={() => void deleteCollection()}
          onClose={() => setDeleting(false)}
        >
          <p>{t("collection.deleteText")}</p>
        </ConfirmDialog>
      ) : null}
    </Square>
  );
}
