// One file of a collection: on its way, being read, ready, or with what to do about it.
import { Check, CircleX, Clock, LoaderCircle, Lock, Trash2, Upload as UploadIcon } from "lucide-react";
import { Link } from "wouter";
import type { Doc } from "@/api/types";
import { useWords } from "@/i18n";
import type { Words } from "@/i18n";
import { Label } from "@/ui/Label";
import { MenuButton } from "@/ui/MenuButton";
import { explain } from "@/ui/problem";
import { dropUpload, retryUpload } from "./uploads";
import type { Upload } from "./uploads";

export function fileType(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1, dot + 5).toUpperCase() : "";
}

function Progress({ label, value }: { label: string; value: number }) {
  // Screen readers are told at each quarter, not at each percent.
  const quarter = Math.floor(value * 4) * 25;
  return (
    <span className="progress" role="progressbar" aria-label={label} aria-valuenow={quarter} aria-valuemin={0} aria-valuemax={100}>
      <i style={{ "--v": `${Math.round(value * 100)}%` } as React.CSSProperties} />
    </span>
  );
}

function size(doc: Doc, { t, format }: Words): string {
  return doc.pages ? t("document.pages", { n: doc.pages }) : format.bytes(doc.bytes);
}

export function FileRow({ doc, mayWrite, onDelete, onReplace }: { doc: Doc; mayWrite: boolean; onDelete: () => void; onReplace: () => void }) {
  const words = useWords();
  const { t } = words;
  const failed = doc.state === "failed";
  const ready = doc.state === "ready";
  return (
    <div className="file">
      <span className="file__name">
        <span className="filetype" aria-hidden="true">{fileType(doc.name)}</span>
        <span className="file__title">
          {failed ? <span>{doc.title || doc.name}</span> : <Link href={`/d/${doc.id}`}>{doc.title || doc.name}</Link>}
          {failed ? <span className="do">{doc.error?.action ?? doc.error?.detail ?? t("file.failedDo")}</span> : null}
        </span>
      </span>
      <span className="file__label"><Label id={doc.label} /></span>
      <span className="file__state">
        <FileState doc={doc} />
        {!ready && !failed ? <Progress label={t("file.reading", { name: doc.name })} value={doc.progress} /> : null}
      </span>
      <span className="file__size muted small num">{size(doc, words)}</span>
      <span className="file__actions">
        {failed && mayWrite ? <button type="button" className="btn btn--small file__replace" onClick={onReplace}>{t("file.replace")}</button> : null}
        {mayWrite ? (
          <MenuButton
            small
            label={t("action.moreFor", { name: doc.title || doc.name })}
            actions={[
              { id: "replace", name: t("file.replace"), icon: <UploadIcon className="i" aria-hidden="true" />, onAction: onReplace },
              { id: "delete", name: t("action.delete"), danger: true, icon: <Trash2 className="i" aria-hidden="true" />, onAction: onDelete },
            ]}
          />
        ) : null}
      </span>
    </div>
  );
}

function FileState({ doc }: { doc: Doc }) {
  const words = useWords();
  const { t } = words;
  switch (doc.state) {
    case "ready":
      return (
        <span className="state ok">
          <Check className="i i--s" aria-hidden="true" />
          <span>{t("file.ready")}{doc.chunks ? <span className="muted regular">, {t("slip.passages", { n: doc.chunks })}</span> : null}</span>
        </span>
      );
    case "failed": {
      const locked = /password|encrypt/.test(doc.error?.code ?? "");
      const Icon = locked ? Lock : CircleX;
      return <span className="state bad"><Icon className="i i--s" aria-hidden="true" />{doc.error?.title ?? doc.error?.detail ?? t("file.failed")}</span>;
    }
    case "queued":
      return <span className="state muted"><Clock className="i i--s" aria-hidden="true" />{t("file.queued")}</span>;
    default:
      return <span className="state"><LoaderCircle className="i i--s turning" aria-hidden="true" />{t(`file.${doc.state}`)}</span>;
  }
}

export function UploadRow({ upload }: { upload: Upload }) {
  const words = useWords();
  const { t, format } = words;
  const failed = upload.state === "failed";
  const problem = failed ? explain(upload.problem, words) : null;
  return (
    <div className="file">
      <span className="file__name">
        <span className="filetype" aria-hidden="true">{fileType(upload.file.name)}</span>
        <span className="file__title">
          <span>{upload.file.name}</span>
          {problem ? <span className="do">{problem.action ?? t("file.uploadFailedDo")}</span> : null}
        </span>
      </span>
      <span className="file__label" />
      <span className="file__state">
        {failed ? (
          <span className="state bad"><CircleX className="i i--s" aria-hidden="true" />{problem?.title}</span>
        ) : (
          <>
            <span className={upload.state === "waiting" ? "state muted" : "state"}>
              {upload.state === "waiting" ? <Clock className="i i--s" aria-hidden="true" /> : <LoaderCircle className="i i--s turning" aria-hidden="true" />}
              {upload.state === "waiting" ? t("file.waiting") : t("file.sending", { percent: format.percent(upload.progress) })}
            </span>
            <Progress label={t("file.sendingName", { name: upload.file.name })} value={upload.progress} />
          </>
        )}
      </span>
      <span className="file__size muted small num">{format.bytes(upload.file.size)}</span>
      <span className="file__actions">
        {failed ? <button type="button" className="btn btn--small" onClick={() => retryUpload(upload.id)}>{t("action.retry")}</button> : null}
        <button type="button" className="btn btn--quiet btn--small" aria-label={t("file.cancelName", { name: upload.file.name })} onClick={() => dropUpload(upload.id)}>
          {failed ? t("action.remove") : t("action.cancel")}
        </button>
      </span>
    </div>
  );
}
