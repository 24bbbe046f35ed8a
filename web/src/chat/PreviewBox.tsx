// What the model will receive, while the question is still being written: shown when something would be masked before
// it leaves the walls, or when the rule would refuse it.
import { useQuery } from "@tanstack/react-query";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import { useState } from "react";
import { request } from "@/api/http";
import { modelsQuery } from "@/api/queries";
import type { MaskedItem, Model, Place, Preview } from "@/api/types";
import { useWords } from "@/i18n";
import { Label, placeWord } from "@/ui/Label";
import { useDebounced } from "@/ui/use-debounced";
import { useOptions } from "./OptionsContext";
import { kindName } from "./words";

const lengthMin = 3;

export function PreviewBox({ text, conversation }: { text: string; conversation: string | undefined }) {
  const words = useWords();
  const { t, rich } = words;
  const { options } = useOptions();
  const [own, setOwn] = useState(false);
  const models = useQuery(modelsQuery).data?.models ?? [];
  const content = useDebounced(text.trim(), 350);
  const may = leaves(options.model, models);
  const { data } = useQuery({
    queryKey: ["preview", conversation ?? "", content, options.model, options.label, options.collections],
    queryFn: ({ signal }) =>
      request<Preview>("/api/preview", {
        body: {
          content,
          ...(conversation ? { conversation } : {}),
          model: options.model,
          ...(options.label ? { label: options.label } : {}),
          collections: options.collections,
        },
        signal,
      }),
    enabled: may && content.length >= lengthMin,
    placeholderData: (old) => old,
    // What a person types is not kept longer than it is shown.
    gcTime: 0,
    staleTime: 30_000,
    retry: false,
  });
  if (!may || text.trim().length < lengthMin || !data) return null;
  const nameOf = (id: string | null | undefined) => models.find((model) => model.id === id)?.name ?? id ?? "";
  if (data.refused) {
    const label = data.refused.label ?? data.label;
    const byLabel = data.route?.candidates?.some((one) => one.reason === "label_not_allowed_in_zone") ?? true;
    return (
      <div className="masked masked--refused">
        <p className="row strong"><ShieldAlert className="i i--s" aria-hidden="true" />{t("preview.refused")}</p>
        <p>{label && byLabel && options.model !== "auto" ? rich("preview.refusedLabel", { label: <Label id={label} />, model: nameOf(options.model) }) : data.refused.detail}</p>
      </div>
    );
  }
  const masked = data.masked ?? [];
  const kind = data.route?.place;
  if (masked.length === 0 || !kind || kind === "none" || kind === "walls") return null;
  const place: Place = { kind, ...(data.route?.zone ? { zone: data.route.zone } : {}) };
  const name = data.route?.name || nameOf(data.route?.chosen);
  return (
    <div className="masked" role="group" aria-label={t("preview.title")}>
      <p className="row strong"><ShieldCheck className="i i--s" aria-hidden="true" />{t("preview.title")}</p>
      <p className="masked__text">{own ? text : maskedText(text, masked)}</p>
      <p className="row wrap muted">
        <span>{rich("preview.note", { n: masked.length, model: name, place: placeWord(place, words) })} {masked.map((item) => kindName(item.type, words)).filter((kind, index, all) => all.indexOf(kind) === index).join(", ")}.</span>
        <button type="button" className="btn btn--small push" aria-pressed={own} onClick={() => setOwn(!own)}>{own ? t("preview.showMasked") : t("preview.showOwn")}</button>
      </p>
    </div>
  );
}

function leaves(model: string, models: readonly Model[]): boolean {
  if (model === "auto" || model === "") return models.some((one) => one.place.kind !== "walls");
  return models.find((one) => one.id === model)?.place.kind !== "walls";
}

/** The text with each original replaced by its token; longer originals first, so that none is cut by another. */
export function maskedText(text: string, masked: readonly MaskedItem[]): React.ReactNode[] {
  const items = masked.filter((item) => item.original !== "").toSorted((a, b) => b.original.length - a.original.length);
  const pattern = items.map((item) => item.original.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  if (pattern === "") return [text];
  return text.split(new RegExp(`(${pattern})`)).map((part, index) => {
    const item = items.find((one) => one.original === part);
    return item ? <span className="mask" key={index}>{item.token}</span> : part;
  });
}
