// Where a question is written: grows upward, keeps its text whatever happens, says where it will go.
import { ArrowUp, CircleStop, ListPlus } from "lucide-react";
import { useEffect, useId, useRef, useState } from "react";
import { useWords } from "@/i18n";
import { CollectionsChip, LabelChip, ModelChip, QuoteChip } from "./chips";
import type { Controller, ControllerState } from "./controller";
import { readDraft, writeDraft } from "./draft";
import { HashPicker, hashWord } from "./HashPicker";
import type { HashPickerHandle } from "./HashPicker";
import { useOptions } from "./OptionsContext";
import { PreviewBox } from "./PreviewBox";
import { Queue } from "./Queue";
import { SendFailure } from "./SendFailure";

interface Props {
  draftKey: string;
  conversation?: string;
  rows?: number;
  running: boolean;
  /** The screen clears the text itself, once the question has really gone. */
  keepOnSend?: boolean;
  state?: ControllerState;
  controller?: Controller;
  onSend: (content: string) => void;
  onStop?: () => void;
  onEditLast?: () => void;
}

export function Composer({ draftKey, conversation, rows = 1, running, keepOnSend = false, state, controller, onSend, onStop, onEditLast }: Props) {
  const { t } = useWords();
  const { options, set } = useOptions();
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HashPickerHandle>(null);
  const [text, setText] = useState(() => readDraft(draftKey));
  const [hash, setHash] = useState<string | null>(null);
  const [active, setActive] = useState<string | undefined>();

  const change = (value: string) => {
    setText(value);
    writeDraft(draftKey, value);
  };
  useEffect(() => {
    if (window.matchMedia("(pointer: fine)").matches) field.current?.focus({ preventScroll: true });
  }, []);
  // A question that was not sent comes back to where it was written.
  const back = state?.failure?.content ?? null;
  useEffect(() => {
    if (back === null) return;
    setText((now) => {
      const next = now === "" ? back : now;
      writeDraft(draftKey, next);
      return next;
    });
  }, [back, draftKey]);

  // Sent again by itself: it need not be sent by hand.
  const resent = state?.resent ?? null;
  useEffect(() => {
    if (!resent) return;
    setText((now) => {
      if (now.trim() !== resent.content) return now;
      writeDraft(draftKey, "");
      return "";
    });
  }, [resent, draftKey]);

  const send = () => {
    const content = text.trim();
    if (!content || (keepOnSend && running)) return;
    controller?.dismissFailure();
    onSend(content);
    if (!keepOnSend) change("");
    field.current?.focus();
  };
  const pick = (collection: string) => {
    const at = field.current;
    const caret = at?.selectionStart ?? text.length;
    const before = text.slice(0, caret).replace(/#[^\s#]*$/, "");
    change(before + text.slice(caret));
    setHash(null);
    if (!options.collections.includes(collection)) set({ collections: [...options.collections, collection] });
    requestAnimationFrame(() => at?.setSelectionRange(before.length, before.length));
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (hash !== null && picker.current?.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !event.altKey && !event.ctrlKey && !event.metaKey && text === "" && onEditLast) {
      event.preventDefault();
      onEditLast();
    }
  };

  const waiting = state?.queue ?? [];
  return (
    <>
      {state?.failure && controller ? <SendFailure failure={state.failure} controller={controller} /> : null}
      {waiting.length > 0 && controller ? <Queue waiting={waiting} running={running} controller={controller} /> : null}
      <form className="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
        {hash !== null ? <HashPicker ref={picker} id={`${id}-list`} query={hash} onPick={pick} onClose={() => setHash(null)} onActive={setActive} /> : null}
        <PreviewBox text={text} conversation={conversation} />
        <label className="said" htmlFor={id}>{t("composer.label")}</label>
        <textarea
          id={id}
          ref={field}
          rows={rows}
          value={text}
          placeholder={running && !keepOnSend ? t("composer.queueHint") : t("composer.hint")}
          enterKeyHint="send"
          aria-autocomplete={hash === null ? undefined : "list"}
          aria-controls={hash === null ? undefined : `${id}-list`}
          aria-activedescendant={hash === null ? undefined : active}
          onChange={(event) => {
            change(event.target.value);
            // What is being changed by hand is no longer sent by itself.
            if (state?.failure?.retryAt) controller?.dismissFailure();
            setHash(hashWord(event.target.value, event.target.selectionStart));
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setHash(null)}
        />
        <div className="composer__bar">
          <div className="composer__chips">
            <ModelChip />
            <LabelChip />
            <CollectionsChip />
            <QuoteChip />
          </div>
          {running && onStop ? (
            <button type="button" className="btn btn--small composer__stop" aria-keyshortcuts="Escape" onClick={onStop}>
              <CircleStop className="i i--s" aria-hidden="true" />
              <span className="wide-only" aria-hidden="true">{t("chat.stop")}</span>
              <span className="said">{t("chat.stopLabel")}</span>
            </button>
          ) : null}
          <button type="submit" className="iconbtn iconbtn--send" aria-label={running && !keepOnSend ? t("composer.queue") : t("composer.send")} aria-disabled={text.trim() === "" || (keepOnSend && running)}>
            {running && !keepOnSend ? <ListPlus className="i" aria-hidden="true" /> : <ArrowUp className="i" aria-hidden="true" />}
          </button>
        </div>
      </form>
    </>
  );
}
