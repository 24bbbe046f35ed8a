// Keys for programs. A secret is shown once, when it is made.
import { useMutation, useQuery } from "@tanstack/react-query";
import { Copy, KeyRound } from "lucide-react";
import { useState } from "react";
import { request } from "@/api/http";
import { client, keysQuery } from "@/api/queries";
import type { ApiKey } from "@/api/types";
import { useWords } from "@/i18n";
import { announce, toast } from "@/shell/status";
import { Field } from "@/ui/Field";
import { ConfirmDialog, FormDialog } from "@/ui/lazy-overlays";
import { explain } from "@/ui/problem";

export function Keys() {
  const words = useWords();
  const { t, format } = words;
  const keys = useQuery(keysQuery).data?.keys ?? [];
  const [secret, setSecret] = useState<string | null>(null);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const refresh = () => void client.invalidateQueries({ queryKey: keysQuery.queryKey });
  const create = useMutation({
    mutationFn: (name: string) => request<{ id: string; secret: string }>("/api/keys", { body: { name } }),
    onSuccess: (made) => {
      setSecret(made.secret);
      refresh();
    },
  });
  const revoke = useMutation({
    mutationFn: (id: string) => request(`/api/keys/${id}`, { method: "DELETE" }),
    onError: () => toast(t("error.notDeleted")),
    onSettled: refresh,
  });
  const close = () => {
    setCreating(false);
    setSecret(null);
    create.reset();
  };
  return (
    <section className="settings__part">
      <h2 id="keys">{t("keys.title")}</h2>
      <p className="muted">{t("keys.intro")}</p>
      {keys.length > 0 ? (
        <div className="card tablewrap" tabIndex={0} role="region" aria-label={t("keys.title")}>
          <table className="table">
            <thead><tr><th scope="col">{t("keys.name")}</th><th scope="col">{t("keys.prefix")}</th><th scope="col">{t("keys.used")}</th><th scope="col"><span className="said">{t("keys.action")}</span></th></tr></thead>
            <tbody>
              {keys.map((key) => (
                <tr key={key.id}>
                  <td className="strong">{key.name}</td>
                  <td className="mono nowrap">{key.prefix}…</td>
                  <td className="small muted nowrap">{key.last_used_at ? format.day(key.last_used_at) : t("keys.never")}</td>
                  <td className="r"><button type="button" className="btn btn--small" aria-label={t("keys.revokeName", { name: key.name })} onClick={() => setRevoking(key)}>{t("keys.revoke")}</button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <p><button type="button" className="btn" onClick={() => setCreating(true)}><KeyRound className="i" aria-hidden="true" />{t("keys.create")}</button></p>
      {creating ? (
        <FormDialog title={secret ? t("keys.made") : t("keys.create")} onClose={close}>
          {secret ? (
            <>
              <div className="stack stack--s">
                <p>{t("keys.once")}</p>
                <p className="secret"><code className="mono">{secret}</code></p>
              </div>
              <footer>
                <button type="button" className="btn" onClick={() => void navigator.clipboard.writeText(secret).then(() => announce(t("action.copied")))}><Copy className="i" aria-hidden="true" />{t("action.copy")}</button>
                <button type="button" className="btn btn--primary" onClick={close}>{t("keys.kept")}</button>
              </footer>
            </>
          ) : (
            <form onSubmit={(event) => { event.preventDefault(); create.mutate(String(new FormData(event.currentTarget).get("name") ?? "").trim()); }}>
              <div className="dialog__body">
                <Field label={t("keys.name")} name="name" required autoFocus maxLength={80} autoComplete="off" help={t("keys.nameHelp")} error={create.error ? explain(create.error, words).title : null} />
              </div>
              <footer>
                <button type="button" className="btn" onClick={close}>{t("action.cancel")}</button>
                <button type="submit" className="btn btn--primary" aria-busy={create.isPending}>{t("keys.create")}</button>
              </footer>
            </form>
          )}
        </FormDialog>
      ) : null}
      {revoking ? (
        <ConfirmDialog title={t("keys.revokeTitle", { name: revoking.name })} keep={t("action.keep")} act={t("keys.revokeAct")} onAct={() => revoke.mutate(revoking.id)} onClose={() => setRevoking(null)}>
          <p>{t("keys.revokeText")}</p>
        </ConfirmDialog>
      ) : null}
    </section>
  );
}
