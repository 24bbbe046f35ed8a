// One's conversations, newest first, under the day they were last used. Only the rows in sight are in the page.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Pencil, Trash2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Virtualizer } from "virtua";
import { Link, useLocation } from "wouter";
import { conversationsQuery } from "@/api/queries";
import type { ConversationRow } from "@/api/types";
import { useConversationActions } from "@/chat/actions";
import { useWords } from "@/i18n";
import { ageOf } from "@/i18n/format";
import { MenuButton } from "@/ui/MenuButton";
import { useHidden } from "./deletions";

type Row = { heading: string } | { conversation: ConversationRow };

export function RailList({ onNavigate }: { onNavigate: () => void }) {
  const { t } = useWords();
  const list = useInfiniteQuery(conversationsQuery());
  const hidden = useHidden();
  const scroll = useRef<HTMLElement>(null);
  const [location] = useLocation();

  const rows: Row[] = [];
  let heading = "";
  for (const conversation of list.data?.pages.flatMap((page) => page.conversations) ?? []) {
    if (hidden.has(conversation.id)) continue;
    const age = t(`age.${ageOf(conversation.updated_at)}`);
    if (age !== heading) rows.push({ heading: age });
    heading = age;
    rows.push({ conversation });
  }

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const nearEnd = () => {
    const at = scroll.current;
    if (at && hasNextPage && !isFetchingNextPage && at.scrollHeight - at.scrollTop - at.clientHeight < 400) void fetchNextPage();
  };
  useEffect(nearEnd);

  return (
    <nav className="rail__list" aria-label={t("nav.recent")} ref={scroll} onScroll={nearEnd}>
      {list.isSuccess && rows.length === 0 ? <p className="rail__empty">{t("nav.none")}</p> : null}
      <Virtualizer scrollRef={scroll} as="ul" item="li">
        {rows.map((row) =>
          "heading" in row ? (
            <h2 key={row.heading}>{row.heading}</h2>
          ) : (
            <RailRow key={row.conversation.id} conversation={row.conversation} current={location === `/c/${row.conversation.id}`} onNavigate={onNavigate} />
          ),
        )}
      </Virtualizer>
    </nav>
  );
}

function RailRow({ conversation, current, onNavigate }: { conversation: ConversationRow; current: boolean; onNavigate: () => void }) {
  const { t } = useWords();
  const [renaming, setRenaming] = useState(false);
  const actions = useConversationActions(conversation.id);
  const title = conversation.title || t("chat.untitled");
  if (renaming) {
    return (
      <form
        className="rail__rename"
        onSubmit={(event) => {
          event.preventDefault();
          const value = new FormData(event.currentTarget).get("title");
          setRenaming(false);
          if (typeof value === "string" && value.trim()) actions.rename(value.trim());
        }}
      >
        <input
          className="input"
          name="title"
          defaultValue={conversation.title}
          aria-label={t("chat.title")}
          autoFocus
          onFocus={(event) => event.currentTarget.select()}
          onBlur={(event) => event.currentTarget.form?.requestSubmit()}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.stopPropagation();
            setRenaming(false);
          }}
        />
      </form>
    );
  }
  return (
    <div className="rail__row">
      <Link href={`/c/${conversation.id}`} className="item" aria-current={current ? "page" : undefined} onClick={onNavigate}>
        <span className="cut">{title}</span>
      </Link>
      <MenuButton
        small
        label={t("action.moreFor", { name: title })}
        actions={[
          { id: "rename", name: t("action.rename"), icon: <Pencil className="i" aria-hidden="true" />, onAction: () => setRenaming(true) },
          { id: "delete", name: t("action.delete"), danger: true, icon: <Trash2 className="i" aria-hidden="true" />, onAction: actions.remove },
        ]}
      />
    </div>
  );
}
