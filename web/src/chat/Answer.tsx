// One answer: its block exists before the first word, and what is under it keeps its place while it grows.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useRef } from "react";
import { modelsQuery } from "@/api/queries";
import type { Message } from "@/api/types";
import { useWords } from "@/i18n";
import { announce } from "@/shell/status";
import { letters } from "@/shell/preferences";
import { Mark, Town } from "@/ui/Mark";
import type { Controller } from "./controller";
import { copyAnswer } from "./copy";
import type { Live } from "./live";
import { Prose } from "./markdown";
import { Outcome } from "./Outcome";
import { Quotes } from "./Quotes";
import { Reconnecting } from "./Reconnecting";
import { closeOpenMarks } from "./reveal";
import { Slip } from "./Slip";
import type { OpenSource } from "./Sources";
import { useLive } from "./use-live";
import { doing, modelName } from "./words";

export function Answer({ message, all, last, controller, source, onSource }: {
  message: Message;
  all: readonly Message[];
  last: boolean;
  controller: Controller;
  source: OpenSource | null;
  onSource: (source: OpenSource, from: HTMLElement) => void;
}) {
  const words = useWords();
  const { t } = words;
  const models = useQuery(modelsQuery).data?.models;
  const live = useLive(message.id);
  const prose = useRef<HTMLDivElement>(null);
  const streaming = message.state === "streaming";
  const text = shownText(message, live, streaming);
  const citations = useMemo(() => {
    const kept = message.citations ?? [];
    return live.citations.length > 0 ? [...live.citations] : kept;
  }, [message.citations, live.citations]);
  const current = source?.message === message.id ? source.marker : null;
  const quoting = message.quoting ?? quotingSoFar(live);

  const onCite = useCallback(
    (marker: number, from: HTMLElement) => onSource({ message: message.id, marker }, from),
    [message.id, onSource],
  );
  const copy = useCallback(async () => {
    await copyAnswer(prose.current, message.content, citations, (page) => t("source.page", { page }));
    announce(t("action.copied"));
  }, [message.content, citations, t]);

  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey || !letters()) return;
    const digit = /^[1-9]$/.test(event.key) ? Number(event.key) : null;
    if (digit !== null && citations.some((one) => one.marker === digit)) onCite(digit, event.currentTarget);
    else if (event.key === "c") void copy();
    else if (event.key === "s" && citations[0]) onCite(citations[0].marker, event.currentTarget);
    else return;
    event.preventDefault();
  };

  const name = modelName(message, models);
  return (
    <article className="msg" aria-label={t("chat.answer")} aria-busy={streaming} tabIndex={-1} data-message={message.id} onKeyDown={onKeyDown}>
      <div className="msg__who">
        {streaming ? <Town /> : <Mark size={18} />}
        <strong>{quoting || !name ? "Bastide" : name}</strong>
        {streaming ? <span>{doing(live, words)}</span> : null}
        {!streaming && message.generated !== false && !quoting && text ? <span className="tag tag--ai">{t("chat.generated")}</span> : null}
      </div>
      {quoting && quoting !== "nothing_found" && citations.length > 0 ? (
        <div ref={prose}><Quotes why={quoting} citations={citations} current={current} onCite={onCite} /></div>
      ) : quoting === "nothing_found" ? null : text || streaming ? (
        <div ref={prose}>
          <Prose text={streaming ? closeOpenMarks(text) : text} caret={streaming && text !== ""} citations={citations} current={current} onCite={onCite} />
        </div>
      ) : null}
      {live.retryAt !== null ? <Reconnecting at={live.retryAt} kept={t("chat.answerKept")} /> : null}
      <Outcome message={message} quoting={quoting} controller={controller} models={models} streaming={streaming} />
      <Slip message={message} all={all} last={last} streaming={streaming} citations={citations} controller={controller} onCopy={copy} />
    </article>
  );
}

// After a reload, what was stored shows until the stream has caught up with it.
function shownText(message: Message, live: Live, streaming: boolean): string {
  if (!streaming) return message.content;
  return live.replaced !== null || live.text.length >= message.content.length ? live.text : message.content;
}

function quotingSoFar(live: Live): Message["quoting"] {
  const reason = live.replaced;
  if (reason === "no_model" || reason === "not_supported" || reason === "nothing_found" || reason === "asked") return reason;
  return null;
}
