// Typing # chooses documents without leaving the text.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useImperativeHandle, useState } from "react";
import type { KeyboardEvent, Ref } from "react";
import { collectionsQuery } from "@/api/queries";
import { useWords } from "@/i18n";
import { Label } from "@/ui/Label";
import { useDebounced } from "@/ui/use-debounced";

export interface HashPickerHandle {
  /** Whether the key was for the list. */
  key: (event: KeyboardEvent) => boolean;
}

/** What stands between a # that begins a word and the caret; null when the caret is elsewhere. */
export function hashWord(text: string, caret: number): string | null {
  const match = /(?:^|\s)#([^\s#]*)$/.exec(text.slice(0, caret));
  return match ? (match[1] ?? "") : null;
}

const shownMax = 8;

export function HashPicker({ ref, id, query, onPick, onClose, onActive }: {
  ref: Ref<HashPickerHandle>;
  id: string;
  query: string;
  onPick: (collection: string) => void;
  onClose: () => void;
  onActive: (id: string | undefined) => void;
}) {
  const { t } = useWords();
  const list = useInfiniteQuery({ ...collectionsQuery(useDebounced(query, 120)), placeholderData: (old) => old });
  const rows = (list.data?.pages[0]?.collections ?? []).slice(0, shownMax);
  const [at, setAt] = useState(0);
  const index = Math.min(at, Math.max(0, rows.length - 1));
  const active = rows[index] ? `${id}-${index}` : undefined;
  useEffect(() => onActive(active), [active, onActive]);
  useImperativeHandle(ref, () => ({
    key(event) {
      const row = rows[index];
      if (event.key === "Escape") onClose();
      else if (event.key === "ArrowDown" && rows.length > 0) setAt((index + 1) % rows.length);
      else if (event.key === "ArrowUp" && rows.length > 0) setAt((index + rows.length - 1) % rows.length);
      else if ((event.key === "Enter" || event.key === "Tab") && row) onPick(row.id);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
  }));
  if (list.isSuccess && rows.length === 0) return null;
  return (
    <div className="menu hash" role="listbox" id={id} aria-label={t("collections.choose")}>
      {rows.map((row, number) => (
        <div
          key={row.id}
          id={`${id}-${number}`}
          role="option"
          aria-selected={number === index}
          className="item"
          // The text keeps the focus.
          onMouseDown={(event) => {
            event.preventDefault();
            onPick(row.id);
          }}
        >
          <span className="cut">{row.name}</span>
          <span className="end"><Label id={row.label} plain /></span>
        </div>
      ))}
    </div>
  );
}
