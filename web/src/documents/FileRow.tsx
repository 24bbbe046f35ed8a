// One file of a collection: on its way, being read, ready, or with what to do about it.
import { Check, CircleX, Clock, LoaderCircle, Lock, RotateCw, Trash2, Upload as UploadIcon } from "lucide-react";
import { Link } from "wouter";
import type { Doc } from "@/api/types";
import { useWords } from "@/i18n";
import type { Words } from "@/i18n";
import { Label } from "@/ui/Label";
import { MenuButton } from "@/ui/MenuButton";
import { explain } from "@/ui/problem";
import { Progress } from "@/ui/Progress";
import { dropUpload, retryUpload } from "./uploads";
import type { Upload } from "./uploads";

export function fileType(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot + 1, dot + 5).toUpperCase() : "";
}

function size(doc: Doc, { t, format }: Words): string {
  if (!doc.pages) return format.bytes(doc.bytes);
  if (/spreadsheet|excel/.test(doc.media_type)) return t("document.sheets", { n: doc.pages });
  if (/presentation|powerpoint/.test(doc.media_type)) return t("document.slides", { n: doc.pages });
  return t("document.pages", { n: doc.pages });
}

/** A document without a title of its own goes by its name. */
function titleIsName(doc: Doc): boolean {
  return doc.name === doc.title || doc.name.replace(/\.[^.]+$/, "") === doc.title;
}

const failures = [
  "password_protected", "corrupt", "zip_bomb", "type_mismatch", "unsupported_type", "empty_document", "no_text", "timeout",
] as const;
type Failure = (typeof failures)[number];
const isKnown = (code: string): code is Failure => (failures as readonly string[]).includes(code);

/** What a few words cannot say is said in full; then what to do. */
function whatToDo({ error }: Doc, { t }: Words): string {
  const said = isKnown(error?.detail_code ?? "") && error?.action ? "" : (error?.detail ?? "");
  return [said, error?.action].filter(Boolean).join(" ") || t("file.failedDo");
}

export function FileRow({ doc, mayWrite, onDelete, onReplace, onReadAgain }: { doc: Doc; mayWrite: boolean; onDelete: () => void; onReplace: () => void; onReadAgain: () => void }) {
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
          {failed ? <span className="do">{whatToDo(doc, words)}</span> : doc.title && !titleIsName(doc) ? <span className="do cut">{doc.name}</span> : null}
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
              ...(failed ? [{ id: "again", name: t("file.readAgain"), icon: <RotateCw className="i" aria-hidden="true" />, onAction: onReadAgain }] : []),
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
      const why = doc.error?.detail_code ?? "";
      const Icon = why === "password_protected" ? Lock : CircleX;
      return <span className="state bad"><Icon className="i i--s" aria-hidden="true" />{isKnown(why) ? t(`fail.${why}`) : t("file.failed")}</span>;
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
