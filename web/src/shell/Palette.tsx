// Everything by its name: places, actions, one's own conversations and what was said in them.
import { useInfiniteQuery } from "@tanstack/react-query";
import { Cpu, Gauge, Keyboard, Library, LogOut, MessageSquare, Moon, Search, Settings, SquarePen, Users } from "lucide-react";
import { useId, useState } from "react";
import type { ComponentType } from "react";
import { useLocation } from "wouter";
import { conversationsQuery } from "@/api/queries";
import { plainSnippet } from "@/chat/words";
import { useWords } from "@/i18n";
import { ageOf } from "@/i18n/format";
import { BareModal } from "@/ui/overlays";
import { useDebounced } from "@/ui/use-debounced";
import { useHidden } from "./deletions";
import { setTheme, shownTheme } from "./preferences";
import { signOut, useSession } from "./session";
import { controlName } from "./shortcuts";

interface Entry {
  id: string;
  name: string;
  note?: string;
  snippet?: string;
  keys?: string;
  icon: ComponentType<{ className?: string }>;
  run: () => void;
}

const fold = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const conversationsShown = 12;

export default function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const { t } = useWords();
  const { person } = useSession();
  const [, navigate] = useLocation();
  const id = useId();
  const [q, setQ] = useState("");
  const [at, setAt] = useState(0);
  const search = useDebounced(q.trim(), 120);
  const found = useInfiniteQuery({ ...conversationsQuery(search), placeholderData: (old) => old });
  const hidden = useHidden();
  const go = (path: string) => () => navigate(path);
  const commands: Entry[] = [
    { id: "new", name: t("nav.new"), keys: `${controlName} ⇧ O`, icon: SquarePen, run: go("/") },
    { id: "documents", name: t("nav.documents"), icon: Library, run: go("/documents") },
    ...(person.role === "member" ? [] : [{ id: "people", name: t("people.title"), icon: Users, run: go("/people") }]),
    ...(person.role === "admin" ? [{ id: "models", name: t("nav.models"), icon: Cpu, run: go("/models") }] : []),
    { id: "usage", name: t("nav.usage"), icon: Gauge, run: go("/usage") },
    { id: "settings", name: t("nav.settings"), icon: Settings, run: go("/settings") },
    { id: "theme", name: shownTheme() === "dark" ? t("theme.toLight") : t("theme.toDark"), icon: Moon, run: () => setTheme(shownTheme() === "dark" ? "light" : "dark") },
    { id: "keys", name: t("shortcuts.title"), keys: "?", icon: Keyboard, run: onHelp },
    { id: "out", name: t("nav.signOut"), icon: LogOut, run: () => void signOut() },
  ];
  const entries: Entry[] = [
    ...commands.filter((one) => q.trim() === "" || fold(one.name).includes(fold(q.trim()))),
    ...(found.data?.pages[0]?.conversations ?? [])
      .filter((row) => !hidden.has(row.id))
      .slice(0, conversationsShown)
      .map((row): Entry => ({
        id: row.id,
        name: row.title || t("chat.untitled"),
        note: t(`age.${ageOf(row.updated_at)}`),
        icon: MessageSquare,
        run: go(`/c/${row.id}`),
        ...(search && row.snippet ? { snippet: plainSnippet(row.snippet) } : {}),
      })),
  ];
  const index = Math.min(at, Math.max(0, entries.length - 1));
  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((index + 1) % Math.max(1, entries.length));
    else if (event.key === "ArrowUp") setAt((index + entries.length - 1) % Math.max(1, entries.length));
    else if (event.key === "Enter" && !event.nativeEvent.isComposing) run(entries[index]);
    else return;
    event.preventDefault();
  };
  return (
    <BareModal label={t("palette.title")} className="palette" onClose={onClose}>
      <div className="search">
        <Search className="i" aria-hidden="true" />
        <input
          className="input"
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={entries.length > 0 ? `${id}-${index}` : undefined}
          aria-label={t("palette.title")}
          placeholder={t("palette.hint")}
          value={q}
          onChange={(event) => {
            setQ(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div role="listbox" id={`${id}-list`} aria-label={t("palette.results")} className="palette__list">
        {entries.map((entry, number) => (
          <div
            key={entry.id}
            id={`${id}-${number}`}
            role="option"
            aria-selected={number === index}
            className="item"
            ref={(element) => {
              if (number === index) element?.scrollIntoView({ block: "nearest" });
            }}
            onMouseMove={() => setAt(number)}
            onMouseDown={(event) => {
              event.preventDefault();
              run(entry);
            }}
          >
            <entry.icon className="i" />
            <span className="cut">
              {entry.name}
              {entry.snippet ? <span className="muted small cut palette__snippet">{entry.snippet}</span> : null}
            </span>
            {entry.keys ? <span className="kbd">{entry.keys}</span> : null}
            {entry.note ? <span className="end small muted nowrap">{entry.note}</span> : null}
          </div>
        ))}
        {entries.length === 0 ? <p className="picker__none muted">{t("palette.none")}</p> : null}
      </div>
      <footer aria-hidden="true">
        <span><span className="kbd">↑ ↓</span> {t("palette.choose")}</span>
        <span><span className="kbd">{t("key.enter")}</span> {t("palette.open")}</span>
        <span><span className="kbd">{t("key.escape")}</span> {t("palette.close")}</span>
      </footer>
    </BareModal>
  );
}
