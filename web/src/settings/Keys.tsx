// Keys for programs. A secret is shown once, when it is made.
import { useMutation, useQuery } from "@tanstack/react-query";
import { Copy, KeyRound, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { request } from "@/api/http";
import { client, keysQuery, modelsQuery } from "@/api/queries";
import type { ApiKey } from "@/api/types";
import { useWords } from "@/i18n";
import { announce, toast } from "@/shell/status";
import { Field } from "@/ui/Field";
import { ConfirmDialog, FormDialog } from "@/ui/lazy-overlays";
import { MenuButton } from "@/ui/MenuButton";
import { explain } from "@/ui/problem";

const lives = ["30", "90", "365", "never"] as const;
const dayMs = 86_400_000;

/** What the form asks of the server. */
function settingsOf(form: FormData): Record<string, unknown> {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const life = text("life");
  const addresses = text("addresses").split(/[\s,]+/).filter(Boolean);
  const models = form.getAll("models").map(String);
  return {
    name: text("name"),
    ...(life === "never" ? {} : { expires: new Date(Date.now() + Number(life) * dayMs).toISOString().slice(0, 10) }),
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(models.length > 0 ? { models } : {}),
  };
}

export function Keys() {
  const words = useWords();
  const { t, format } = words;
  const keys = useQuery(keysQuery).data?.keys ?? [];
  const [secret, setSecret] = useState<string | null>(null);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const refresh = () => void client.invalidateQueries({ queryKey: keysQuery.queryKey });
  const create = useMutation({
    mutationFn: (settings: Record<string, unknown>) => request<{ id: string; secret: string }>("/api/keys", { body: settings }),
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
  const rotate = useMutation({
    mutationFn: (id: string) => request<{ id: string; secret: string }>(`/api/keys/${id}/rotate`, { body: {} }),
    onSuccess: (made) => setSecret(made.secret),
    onError: () => toast(t("error.notSaved")),
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
            <thead><tr><th scope="col">{t("keys.name")}</th><th scope="col">{t("keys.prefix")}</th><th scope="col">{t("keys.used")}</th><th scope="col">{t("keys.ends")}</th><th scope="col"><span className="said">{t("keys.action")}</span></th></tr></thead>
            <tbody>
              {keys.map((key) => (
                <tr key={key.id}>
                  <td><span className="strong">{key.name}</span>{key.models?.length || key.addresses?.length ? <span className="small muted key__only">{[...(key.models ?? []), ...(key.addresses ?? [])].join(", ")}</span> : null}</td>
                  <td className="mono nowrap">{key.prefix}…</td>
                  <td className="small muted nowrap">{key.last_used_at ? format.day(key.last_used_at) : t("keys.never")}</td>
                  <td className="small muted nowrap">{key.expires_at ? format.day(key.expires_at) : t("keys.never")}</td>
                  <td className="r">
                    <MenuButton small label={t("action.moreFor", { name: key.name })} actions={[
                      { id: "rotate", name: t("keys.rotate"), icon: <RefreshCw className="i" aria-hidden="true" />, onAction: () => rotate.mutate(key.id) },
                      { id: "revoke", name: t("keys.revoke"), icon: <Trash2 className="i" aria-hidden="true" />, danger: true, onAction: () => setRevoking(key) },
                    ]} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <p><button type="button" className="btn" onClick={() => setCreating(true)}><KeyRound className="i" aria-hidden="true" />{t("keys.create")}</button></p>
      {creating || secret ? (
        <FormDialog title={secret ? t("keys.made") : t("keys.create")} onClose={close}>
          {secret ? (
            <>
              <div className="stack stack--s">
                <p>{t("keys.once")}</p>
                {creating ? null : <p className="muted">{t("keys.overlap")}</p>}
                <p className="secret"><code className="mono">{secret}</code></p>
              </div>
              <footer>
                <button type="button" className="btn" onClick={() => void navigator.clipboard.writeText(secret).then(() => announce(t("action.copied")))}><Copy className="i" aria-hidden="true" />{t("action.copy")}</button>
                <button type="button" className="btn btn--primary" onClick={close}>{t("keys.kept")}</button>
              </footer>
            </>
          ) : (
            <form onSubmit={(event) => { event.preventDefault(); create.mutate(settingsOf(new FormData(event.currentTarget))); }}>
              <div className="dialog__body stack">
                <Field label={t("keys.name")} name="name" required autoFocus maxLength={80} autoComplete="off" help={t("keys.nameHelp")} error={create.error ? explain(create.error, words).title : null} />
                <div className="field">
                  <label htmlFor="key-life">{t("keys.life")}</label>
                  <select className="input" id="key-life" name="life" defaultValue="365">
                    {lives.map((life) => <option key={life} value={life}>{t(`keys.life.${life}`)}</option>)}
                  </select>
                </div>
                <KeyLimits />
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

/** What the key may do less than its owner; nothing chosen leaves it everything. */
function KeyLimits() {
  const { t } = useWords();
  const models = useQuery(modelsQuery).data?.models ?? [];
  return (
    <details className="stack stack--s">
      <summary>{t("keys.limits")}</summary>
      <fieldset className="stack stack--s">
        <legend className="field__label">{t("keys.models")}</legend>
        {models.map((model) => (
          <label className="check" key={model.id}>
            <input type="checkbox" name="models" value={model.id} />
            <span>{model.name}</span>
          </label>
        ))}
      </fieldset>
      <Field label={t("keys.addresses")} name="addresses" autoComplete="off" placeholder="192.0.2.0/24" help={t("keys.addressesHelp")} />
    </details>
  );
}
