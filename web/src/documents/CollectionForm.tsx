// Makes a collection, or changes its name, label and readers.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { request } from "@/api/http";
import { labelsQuery } from "@/api/queries";
import type { Collection } from "@/api/types";
import { useWords } from "@/i18n";
import { useSession } from "@/shell/session";
import { Field, FieldError } from "@/ui/Field";
import { Label } from "@/ui/Label";
import { FormDialog } from "@/ui/lazy-overlays";
import { explain } from "@/ui/problem";

type Who = "me" | "everyone" | "some";

function whoOf(readers: readonly string[]): Who {
  if (readers.includes("everyone")) return "everyone";
  return readers.length > 0 ? "some" : "me";
}

/** One a line or by commas; an address is a person, anything else a group. */
export function parseReaders(text: string): string[] {
  return text
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => (/^(user|group):/.test(part) ? part : part.includes("@") ? `user:${part}` : `group:${part}`));
}

export function CollectionForm({ collection, onClose, onDone }: { collection?: Collection; onClose: () => void; onDone: (id: string) => void }) {
  const words = useWords();
  const { t } = words;
  const { person } = useSession();
  const id = useId();
  const client = useQueryClient();
  const labels = useQuery(labelsQuery).data;
  const [who, setWho] = useState<Who>(whoOf(collection?.readers ?? []));
  const [label, setLabel] = useState(collection?.label ?? "");
  const chosen = label || labels?.default || "";
  const save = useMutation({
    mutationFn: async (form: FormData) => {
      const others = parseReaders(String(form.get("others") ?? ""));
      const readers = who === "everyone" ? ["everyone"] : who === "some" ? others : [];
      const body = { name: String(form.get("name") ?? "").trim(), label: chosen, readers };
      if (collection) {
        await request(`/api/collections/${collection.id}`, { method: "PATCH", body });
        return collection.id;
      }
      return (await request<{ id: string }>("/api/collections", { body })).id;
    },
    onSuccess: (done) => {
      void client.invalidateQueries({ queryKey: ["collections"] });
      void client.invalidateQueries({ queryKey: ["collection", done] });
      onDone(done);
    },
  });
  const problem = save.error ? explain(save.error, words) : null;
  const options: { id: Who; name: string; help: string }[] = [
    { id: "me", name: t("readers.meOption"), help: person.email },
    { id: "everyone", name: t("readers.everyoneOption"), help: t("readers.everyoneHelp") },
    { id: "some", name: t("readers.someOption"), help: t("readers.someHelp") },
  ];
  return (
    <FormDialog title={collection ? t("collection.edit") : t("collection.new")} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); save.mutate(new FormData(event.currentTarget)); }}>
        <div className="dialog__body stack">
          <Field label={t("collection.name")} name="name" defaultValue={collection?.name} required maxLength={120} autoFocus autoComplete="off" help={t("collection.nameHelp")} />
          <fieldset className="stack stack--s">
            <legend className="field__label">{t("label.title")}</legend>
            <div className="choices">
              {(labels?.labels ?? []).map((one) => (
                <label className="check" key={one.id}>
                  <input type="radio" name="label" value={one.id} checked={chosen === one.id} onChange={() => setLabel(one.id)} />
                  <Label id={one.id} plain />
                </label>
              ))}
            </div>
            <p className="field__help">{labels?.walls_only?.includes(chosen) ? t("label.wallsOnly") : t("label.mayLeave")}</p>
          </fieldset>
          <fieldset className="stack stack--s">
            <legend className="field__label">{t("readers.title")}</legend>
            {options.map((one) => (
              <label className="check" key={one.id}>
                <input type="radio" name="who" checked={who === one.id} onChange={() => setWho(one.id)} />
                <span>{one.name}<span className="field__help check__help">{one.help}</span></span>
              </label>
            ))}
            {who === "some" ? (
              <textarea className="input" id={`${id}-others`} name="others" rows={2} required aria-label={t("readers.someOption")} placeholder={t("readers.placeholder")}
                defaultValue={(collection?.readers ?? []).map((one) => one.replace(/^(user|group):/, "")).join(", ")} />
            ) : null}
          </fieldset>
          {problem ? <FieldError>{problem.title} {problem.action}</FieldError> : null}
        </div>
        <footer>
          <button type="button" className="btn" onClick={onClose}>{t("action.cancel")}</button>
          <button type="submit" className="btn btn--primary" aria-busy={save.isPending}>{collection ? t("action.save") : t("collection.create")}</button>
        </footer>
      </form>
    </FormDialog>
  );
}
