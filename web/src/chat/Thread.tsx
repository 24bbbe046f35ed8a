// The messages of the shown branch. Only those near the screen are in the page; the scroll follows a growing answer
// while its end is in view, and stays where it is otherwise.
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Virtualizer } from "virtua";
import type { VirtualizerHandle } from "virtua";
import type { Message } from "@/api/types";
import { useWords } from "@/i18n";
import { useShortcut } from "@/shell/shortcuts";
import type { Controller } from "./controller";
import type { OpenSource } from "./Sources";
import { Answer } from "./Answer";
import { Question } from "./Question";

const nearPx = 48;

export function Thread({ title, path, all, controller, source, onSource }: {
  title: string;
  path: readonly Message[];
  all: readonly Message[];
  controller: Controller;
  source: OpenSource | null;
  onSource: (source: OpenSource, from: HTMLElement) => void;
}) {
  const { t } = useWords();
  const scroll = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [away, setAway] = useState(false);
  const count = path.length;
  const lastKey = keyOf(path.at(-1));

  const toEnd = useCallback(() => {
    const at = scroll.current;
    if (at) at.scrollTop = at.scrollHeight;
  }, []);

  const onScroll = () => {
    const at = scroll.current;
    if (!at) return;
    const near = at.scrollHeight - at.scrollTop - at.clientHeight < nearPx;
    following.current = near;
    setAway(!near);
  };

  // A new question, and the conversation's opening, show the end.
  useLayoutEffect(() => {
    following.current = true;
    list.current?.scrollToIndex(count - 1, { align: "end" });
    toEnd();
  }, [lastKey, count, toEnd]);

  useEffect(() => {
    const at = content.current;
    const view = scroll.current;
    if (!at || !view) return;
    const observer = new ResizeObserver(() => {
      if (following.current) toEnd();
      else onScroll();
    });
    observer.observe(at);
    observer.observe(view);
    return () => observer.disconnect();
  }, [toEnd]);

  const step = (by: number) => {
    const articles = [...(content.current?.querySelectorAll<HTMLElement>("article[data-message]") ?? [])];
    const at = articles.findIndex((article) => article.contains(document.activeElement));
    const next = at < 0 ? (by < 0 ? articles.at(-1) : articles[0]) : articles[at + by];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };
  useShortcut({ key: "ArrowUp", alt: true }, () => step(-1));
  useShortcut({ key: "ArrowDown", alt: true }, () => step(1));

  return (
    <div className="thread__box">
      <div className="scroll" ref={scroll} onScroll={onScroll} tabIndex={0} role="region" aria-label={title}>
        <div className="thread" ref={content}>
          <Virtualizer ref={list} scrollRef={scroll} bufferSize={600} keepMounted={[count - 1]}>
            {path.map((message, index) => (
              <div className="thread__item" key={keyOf(message)}>
                {message.speaker === "user" ? (
                  <Question message={message} answer={path[index + 1]} all={all} controller={controller} />
                ) : (
                  <Answer message={message} all={all} last={index === count - 1} controller={controller} source={source} onSource={onSource} />
                )}
              </div>
            ))}
          </Virtualizer>
        </div>
      </div>
      {away ? (
        <button type="button" className="btn btn--small thread__more" onClick={toEnd}>
          {t("chat.more")}
          <ArrowDown className="i i--s" aria-hidden="true" />
        </button>
      ) : null}
    </div>
  );
}

function keyOf(message: Message | undefined): string {
  return message?.key ?? message?.id ?? "";
}
