// The composer's chips: which model, how sensitive, which documents, quotes or words.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ChevronDown, Library, Quote, Route, X } from "lucide-react";
import { useRef, useState } from "react";
import { collectionsQuery, collectionQuery, labelsQuery, modelsQuery } from "@/api/queries";
import type { Model } from "@/api/types";
import { useWords } from "@/i18n";
import type { Words } from "@/i18n";
import { Label, labelName, levelOf, placeWord, useLabel, Walls, zoneClass } from "@/ui/Label";
import { ChoiceMenu, Panel } from "@/ui/lazy-overlays";
import type { Choice } from "@/ui/overlays";
import { CollectionList } from "./CollectionList";
import { useOptions } from "./OptionsContext";

function modelNote(model: Model, words: Words, forbidden: boolean): string {
  const { t } = words;
  const place = placeWord(model.place, words);
  if (forbidden) return t("model.forbidden", { place });
  if (model.state === "ready") return model.answers_documents === false ? `${place}, ${t("model.quotesOnly")}` : place;
  return `${place}, ${t(`model.${model.state}`)}`;
}

export function ModelChip() {
  const words = useWords();
  const { t } = words;
  const { options, set } = useOptions();
  const models = useQuery(modelsQuery).data?.models ?? [];
  const labels = useQuery(labelsQuery).data;
  const trigger = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const label = options.label ?? labels?.default ?? "";
  const wallsOnly = labels?.walls_only?.includes(label) ?? false;
  const chosen = models.find((model) => model.id === options.model);
  const choices: Choice[] = [
    { id: "auto", text: t("model.auto"), name: <span className="strong">{t("model.auto")}</span>, note: t("model.autoNote"), icon: <Route className="i" aria-hidden="true" /> },
    ...models.map((model) => {
      const forbidden = model.labels ? label !== "" && !model.labels.includes(label) : wallsOnly && model.place.kind !== "walls";
      return {
        id: model.id,
        text: model.name,
        name: model.name,
        note: modelNote(model, words, forbidden),
        icon: <span className={zoneClass(model.place)} />,
        disabled: forbidden || model.state === "missing" || model.state === "failed",
      };
    }),
  ];
  return (
    <>
      <button ref={trigger} type="button" className={chosen ? "chip" : "chip chip--auto"} aria-haspopup="listbox" aria-expanded={open} onClick={() => setOpen(!open)}>
        {chosen ? <span className={zoneClass(chosen.place)} /> : <Route className="i i--s" aria-hidden="true" />}
        <span className="said">{t("model.title")} </span>
        <span className="cut">{chosen?.name ?? t("model.auto")}</span>
        <ChevronDown className="i i--s" aria-hidden="true" />
      </button>
      {open ? <ChoiceMenu trigger={trigger} label={t("model.title")} choices={choices} chosen={options.model} onChoose={(model) => set({ model })} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

export function LabelChip() {
  const words = useWords();
  const { t } = words;
  const { options, set } = useOptions();
  const labels = useQuery(labelsQuery).data;
  const trigger = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const current = options.label ?? labels?.default ?? "internal";
  const { level, name } = useLabel(current);
  const choices: Choice[] = (labels?.labels ?? []).map((label) => ({
    id: label.id,
    text: labelName(label, label.id, words),
    name: <Label id={label.id} plain />,
    note: labels?.walls_only?.includes(label.id) ? t("label.wallsOnly") : t("label.mayLeave"),
  }));
  return (
    <>
      <button ref={trigger} type="button" className="chip" data-level={level} aria-haspopup="listbox" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Walls level={levelOf(labels, current)} />
        <span className="said">{t("label.title")} </span>
        {name}
      </button>
      {open ? <ChoiceMenu trigger={trigger} label={t("label.title")} choices={choices} chosen={current} onChoose={(label) => set({ label })} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

export function CollectionsChip() {
  const { t } = useWords();
  const { options, set } = useOptions();
  const trigger = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  // The picker's first page is ready when it opens.
  useInfiniteQuery(collectionsQuery());
  return (
    <>
      {options.collections.map((id) => (
        <ChosenCollection key={id} id={id} onOpen={() => setOpen(true)} onRemove={() => set({ collections: options.collections.filter((one) => one !== id) })} />
      ))}
      <button ref={trigger} type="button" className={options.collections.length > 0 ? "chip chip--icon" : "chip"} aria-haspopup="dialog" aria-expanded={open} aria-keyshortcuts="#" onClick={() => setOpen(!open)}>
        <Library className="i i--s" aria-hidden="true" />
        <span className={options.collections.length > 0 ? "said" : "cut"}>{t("collections.choose")}</span>
      </button>
      {open ? (
        <Panel trigger={trigger} label={t("collections.choose")} onClose={() => setOpen(false)}>
          <CollectionList chosen={options.collections} onChange={(collections) => set({ collections })} />
        </Panel>
      ) : null}
    </>
  );
}

function ChosenCollection({ id, onOpen, onRemove }: { id: string; onOpen: () => void; onRemove: () => void }) {
  const { t } = useWords();
  const known = useInfiniteQuery(collectionsQuery()).data?.pages.flatMap((page) => page.collections).find((one) => one.id === id);
  const fetched = useQuery({ ...collectionQuery(id), enabled: !known });
  const name = known?.name ?? fetched.data?.name ?? "…";
  return (
    <span className="chip chip--on">
      <button type="button" className="chip__main" onClick={onOpen}><Library className="i i--s" aria-hidden="true" /><span className="cut">{name}</span></button>
      <button type="button" className="chip__x" aria-label={t("collections.remove", { name })} onClick={onRemove}><X className="i i--s" aria-hidden="true" /></button>
    </span>
  );
}

/** Word for word from the documents, nothing written: only where there are documents to quote. */
export function QuoteChip() {
  const { t } = useWords();
  const { options, set } = useOptions();
  if (options.collections.length === 0) return null;
  return (
    <button type="button" className="chip chip--quote" aria-pressed={options.quoteOnly} title={t("quotes.switchNote")} onClick={() => set({ quoteOnly: !options.quoteOnly })}>
      <Quote className="i i--s" aria-hidden="true" />
      <span className="cut">{t("quotes.switch")}</span>
    </button>
  );
}
