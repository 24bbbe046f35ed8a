// What a person asked: as it was written, what of it was masked, and the way to ask it again differently.
import { Check, Copy, Pencil, ShieldCheck } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { MaskedItem, Message } from "@/api/types";
import { useWords } from "@/i18n";
import { Branches } from "./Branches";
import type { Controller } from "./controller";
import { editRequests } from "./edit-requests";
import { useLive } from "./use-live";
import { useOptions } from "./OptionsContext";
import { kindName } from "./words";

export function Question({ message, answer, all, controller }: {
  message: Message;
  answer: Message | undefined;
  all: readonly Message[];
  controller: Controller;
}) {
  const { t } = useWords();
  const [editing, setEditing] = useState(false);
  const [copied, setCopied] = useState(false);
  const live = useLive(answer?.id ?? "");
  const masked = message.masked ?? (answer?.masked?.length ? answer.masked : live.masked);
  useEffect(() => editRequests.on(message.id, () => setEditing(true)), [message.id]);

  if (editing) return <Editor message={message} controller={controller} onClose={() => setEditing(false)} />;
  const copy = async () => {
    await navigator.clipboard.writeText(message.content);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <article className="asked" aria-label={t("chat.question")} tabIndex={-1} data-message={message.id}>
      <div className="msg msg--user"><p>{message.content}</p></div>
      {masked.length > 0 ? <Masked items={masked} /> : null}
      <div className="asked__tools">
        <Branches message={message} all={all} controller={controller} />
        <span className="tools">
          <button type="button" className="iconbtn iconbtn--small" aria-label={t("chat.copyQuestion")} title={t("action.copy")} onClick={() => void copy()}>
            {copied ? <Check className="i i--s" aria-hidden="true" /> : <Copy className="i i--s" aria-hidden="true" />}
          </button>
          <button type="button" className="iconbtn iconbtn--small" aria-label={t("chat.edit")} title={t("chat.edit")} onClick={() => setEditing(true)}>
            <Pencil className="i i--s" aria-hidden="true" />
          </button>
        </span>
      </div>
    </article>
  );
}

/** After sending: what left the walls stood under these names. */
function Masked({ items }: { items: readonly MaskedItem[] }) {
  const words = useWords();
  return (
    <details className="maskedlist">
      <summary>
        <ShieldCheck className="i i--s" aria-hidden="true" />
        {words.t("mask.sent", { n: items.length })}
      </summary>
      <dl className="pairs small">
        {items.map((item) => (
          <div className="pairs__row" key={item.token}>
            <dt>{item.original} <span className="faint">({kindName(item.type, words)})</span></dt>
            <dd><span className="mask">{item.token}</span></dd>
          </div>
        ))}
      </dl>
      <p className="faint small">{words.t("mask.restored")}</p>
    </details>
  );
}

function Editor({ message, controller, onClose }: { message: Message; controller: Controller; onClose: () => void }) {
  const { t } = useWords();
  const { options } = useOptions();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const at = field.current;
    at?.focus();
    at?.setSelectionRange(at.value.length, at.value.length);
  }, []);
  const send = () => {
    const content = field.current?.value.trim() ?? "";
    onClose();
    if (content && content !== message.content) controller.edit(message, content, options);
  };
  return (
    <form className="asked asked--edit composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
      <textarea
        ref={field}
        aria-label={t("chat.editLabel")}
        defaultValue={message.content}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            onClose();
          } else if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
            event.preventDefault();
            send();
          }
        }}
      />
      <div className="composer__bar">
        <span className="small faint push">{t("chat.editKeeps")}</span>
        <button type="button" className="btn btn--small" onClick={onClose}>{t("action.cancel")}</button>
        <button type="submit" className="btn btn--small btn--primary">{t("chat.askAgain")}</button>
      </div>
    </form>
  );
}
