import { useMutation, useQuery } from "@tanstack/react-query";
import { Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { request } from "@/api/http";
import { client, groupsQuery } from "@/api/queries";
import type { Group } from "@/api/types";
import { parseReaders } from "@/documents/CollectionForm";
import { useWords } from "@/i18n";
import { toast } from "@/shell/status";
import { Field, FieldError } from "@/ui/Field";
import { ConfirmDialog, FormDialog } from "@/ui/lazy-overlays";
import { MenuButton } from "@/ui/MenuButton";
import { explain } from "@/ui/problem";

const refresh = () => void client.invalidateQueries({ queryKey: groupsQuery.queryKey });
const bare = (member: string) => member.replace(/^(user|group):/, "");

export function Groups() {
  const { t } = useWords();
  const groups = useQuery(groupsQuery).data?.groups ?? [];
  const [editing, setEditing] = useState<Group | "new" | null>(null);
  const [deleting, setDeleting] = useState<Group | null>(null);
  const remove = useMutation({
    mutationFn: (id: string) => request(`/api/groups/${id}`, { method: "DELETE" }),
    onError: () => toast(t("error.notDeleted")),
    onSettled: refresh,
  });
  return (
    <section className="stack stack--s" aria-labelledby="groups">
      <div className="row"><h2 id="groups">{t("groups.title")}</h2><button type="button" className="btn btn--small push" onClick={() => setEditing("new")}><Plus className="i i--s" aria-hidden="true" />{t("groups.new")}</button></div>
      {groups.length === 0 ? <p className="muted">{t("groups.none")}</p> : (
        <ul className="card files">
          {groups.map((group) => (
            <li className="person" key={group.id}>
              <span className="person__name"><span className="strong cut">{group.name}</span><span className="muted small cut">{group.members.map(bare).join(", ") || t("groups.empty")}</span></span>
              <span className="muted small nowrap push">{t("groups.members", { n: group.members.length })}</span>
              <MenuButton small label={t("action.moreFor", { name: group.name })} actions={[
                { id: "edit", name: t("groups.edit"), icon: <Pencil className="i" aria-hidden="true" />, onAction: () => setEditing(group) },
                { id: "delete", name: t("action.delete"), danger: true, icon: <Trash2 className="i" aria-hidden="true" />, onAction: () => setDeleting(group) },
              ]} />
            </li>
          ))}
        </ul>
      )}
      {editing ? <GroupForm group={editing === "new" ? null : editing} onClose={() => setEditing(null)} /> : null}
      {deleting ? (
        <ConfirmDialog title={t("groups.deleteTitle", { name: deleting.name })} keep={t("action.keep")} act={t("groups.deleteAct")} onAct={() => remove.mutate(deleting.id)} onClose={() => setDeleting(null)}>
          <p>{t("groups.deleteText")}</p>
        </ConfirmDialog>
      ) : null}
    </section>
  );
}

function GroupForm({ group, onClose }: { group: Group | null; onClose: () => void }) {
  const words = useWords();
  const { t } = words;
  const save = useMutation({
    mutationFn: (form: FormData) => {
      const body = { name: String(form.get("name") ?? "").trim(), members: parseReaders(String(form.get("members") ?? "")) };
      return group ? request(`/api/groups/${group.id}`, { method: "PATCH", body }) : request("/api/groups", { body });
    },
    onSuccess: () => {
      refresh();
      onClose();
    },
  });
  return (
    <FormDialog title={group ? t("groups.edit") : t("groups.new")} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); save.mutate(new FormData(event.currentTarget)); }}>
        <div className="dialog__body stack">
          <Field label={t("groups.name")} name="name" defaultValue={group?.name} required autoFocus maxLength={120} autoComplete="off" />
          <div className="field">
            <label htmlFor="group-members">{t("groups.membersLabel")}</label>
            <textarea className="input" id="group-members" name="members" rows={3} placeholder={t("readers.placeholder")} defaultValue={group?.members.map(bare).join(", ")} />
            <p className="field__help">{t("readers.someHelp")}</p>
          </div>
          {save.error ? <FieldError>{explain(save.error, words).title} {explain(save.error, words).action}</FieldError> : null}
        </div>
        <footer>
          <button type="button" className="btn" onClick={onClose}>{t("action.cancel")}</button>
          <button type="submit" className="btn btn--primary" aria-busy={save.isPending}>{t("action.save")}</button>
        </footer>
      </form>
    </FormDialog>
  );
}
