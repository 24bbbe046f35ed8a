import { useInfiniteQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useRef, useState } from "react";
import { Link } from "wouter";
import { collectionsQuery } from "@/api/queries";
import { useWords } from "@/i18n";
import { Label } from "@/ui/Label";
import { useDebounced } from "@/ui/use-debounced";
import { Virtualizer } from "virtua";

export function CollectionList({ chosen, onChange }: { chosen: string[]; onChange: (chosen: string[]) => void }) {
  const { t } = useWords();
  const [q, setQ] = useState("");
  const list = useInfiniteQuery({ ...collectionsQuery(useDebounced(q.trim(), 150)), placeholderData: (old) => old });
  const rows = list.data?.pages.flatMap((page) => page.collections) ?? [];
  const scroll = useRef<HTMLDivElement>(null);
  const onScroll = () => {
    const at = scroll.current;
    if (at && list.hasNextPage && !list.isFetchingNextPage && at.scrollHeight - at.scrollTop - at.clientHeight < 300) void list.fetchNextPage();
  };
  return (
    <div className="picker">
      <div className="search">
        <Search className="i" aria-hidden="true" />
        <input className="input" type="search" autoFocus placeholder={t("collections.search")} aria-label={t("collections.search")} value={q} onChange={(event) => setQ(event.target.value)} />
      </div>
      <div className="picker__list" ref={scroll} onScroll={onScroll} role="group" aria-label={t("nav.documents")}>
        <Virtualizer scrollRef={scroll}>
          {rows.map((row) => (
            <label className="check item" key={row.id}>
              <input
                type="checkbox"
                checked={chosen.includes(row.id)}
                onChange={(event) => onChange(event.target.checked ? [...chosen, row.id] : chosen.filter((one) => one !== row.id))}
              />
              <span className="cut">{row.name}</span>
              <span className="push"><Label id={row.label} plain /></span>
            </label>
          ))}
        </Virtualizer>
        {list.isSuccess && rows.length === 0 ? <p className="picker__none muted small">{q ? t("collections.noneFound") : t("collections.none")}</p> : null}
      </div>
      <Link className="item small" href="/documents">{t("collections.manage")}</Link>
    </div>
  );
}
