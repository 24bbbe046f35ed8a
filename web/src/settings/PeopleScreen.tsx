// People and groups, for those who run the house.
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { Copy, KeyRound, Search, UserPlus, UserX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Virtualizer } from "virtua";
import { request } from "@/api/http";
import { client, peopleQuery } from "@/api/queries";
import type { Person, Role } from "@/api/types";
import { useWords } from "@/i18n";
import { PageTitle, RailButton, Square } from "@/shell/page";
import { useSession } from "@/shell/session";
import { announce, toast } from "@/shell/status";
import { Field, FieldError } from "@/ui/Field";
import { FormDialog } from "@/ui/lazy-overlays";
import { MenuButton } from "@/ui/MenuButton";
import { explain } from "@/ui/problem";
import { useDebounced } from "@/ui/use-debounced";
import { Groups } from "./Groups";

const roles: readonly Role[] = ["member", "manager", "admin"];
const refresh = () => void client.invalidateQueries({ queryKey: ["people"] });

export default function PeopleScreen() {
  const { t } = useWords();
  const [q, setQ] = useState("");
  const [inviting, setInviting] = useState(false);
  const list = useInfiniteQuery({ ...peopleQuery(useDebounced(q.trim(), 200)), placeholderData: (old) => old });
  const people = list.data?.pages.flatMap((page) => page.people) ?? [];
  const scroll = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  useEffect(() => {
    const now = top.current?.offsetTop ?? 0;
    if (now !== margin) setMargin(now);
  });
  const onScroll = () => {
    const at = scroll.current;
    if (at && list.hasNextPage && !list.isFetchingNextPage && at.scrollHeight - at.scrollTop - at.clientHeight < 800) void list.fetchNextPage();
  };
  return (
    <Square>
      <div className="bar bar--open"><RailButton /></div>
      <div className="scroll" ref={scroll} onScroll={onScroll}>
        <div className="page">
          <div className="page__head">
            <div><PageTitle title={t("people.title")}>{t("people.title")}</PageTitle></div>
            <button type="button" className="btn btn--primary" onClick={() => setInviting(true)}><UserPlus className="i" aria-hidden="true" />{t("people.invite")}</button>
          </div>
          <Groups />
          <section className="stack stack--s" aria-labelledby="people-list">
            <h2 id="people-list">{t("people.list")}</h2>
            <div className="search">
              <Search className="i" aria-hidden="true" />
              <input className="input" type="search" aria-label={t("people.search")} placeholder={t("people.search")} value={q} onChange={(event) => setQ(event.target.value)} />
            </div>
            <div className="card files" ref={top}>
              <Virtualizer scrollRef={scroll} startMargin={margin} as="ul" item="li">
                {people.map((person) => <PersonRow key={person.id} person={person} />)}
              </Virtualizer>
              {people.length === 0 && list.isSuccess ? <p className="files__none muted">{t("people.none")}</p> : null}
            </div>
          </section>
        </div>
      </div>
      {inviting ? <Invite onClose={() => setInviting(false)} /> : null}
    </Square>
  );
}

function PersonRow({ person }: { person: Person }) {
  const { t } = useWords();
  const me = useSession().person;
  const mayChange = me.role === "admin" && me.id !== person.id;
  const change = useMutation({
    mutationFn: (body: { role?: Role; disabled?: boolean }) => request(`/api/people/${person.id}`, { method: "PATCH", body }),
    onError: () => toast(t("error.notSaved")),
    onSettled: refresh,
  });
  const [link, setLink] = useState<string | null>(null);
  const reset = useMutation({
    mutationFn: () => request<{ link: string }>(`/api/people/${person.id}/reset`, { method: "POST" }),
    onSuccess: (made) => setLink(new URL(made.link, window.location.href).href),
    onError: () => toast(t("error.notSaved")),
  });
  return (
    <div className="person">
      {link ? <FormDialog title={t("people.resetTitle", { name: person.name || person.email })} onClose={() => setLink(null)}><OneTimeLink link={link} onClose={() => setLink(null)} /></FormDialog> : null}
      <span className="avatar" aria-hidden="true">{[...(person.name || person.email)][0]?.toUpperCase()}</span>
      <span className="person__name"><span className="strong cut">{person.name || person.email}</span><span className="muted small cut">{person.email}</span></span>
      {person.disabled ? <span className="tag tag--warn">{t("people.disabled")}</span> : null}
      {mayChange ? (
        <span className="row push">
          <select className="input person__role" aria-label={t("people.roleOf", { name: person.name || person.email })} value={person.role} onChange={(event) => change.mutate({ role: event.target.value as Role })}>
            {roles.map((role) => <option key={role} value={role}>{t(`role.${role}`)}</option>)}
          </select>
          <MenuButton small label={t("action.moreFor", { name: person.name || person.email })} actions={[
            { id: "link", name: t("people.reset"), icon: <KeyRound className="i" aria-hidden="true" />, onAction: () => reset.mutate() },
            { id: "disable", name: person.disabled ? t("people.enable") : t("people.disable"), icon: <UserX className="i" aria-hidden="true" />, danger: !person.disabled, onAction: () => change.mutate({ disabled: !person.disabled }) },
          ]} />
        </span>
      ) : (
        <span className="muted push">{t(`role.${person.role}`)}</span>
      )}
    </div>
  );
}

function OneTimeLink({ link, onClose }: { link: string; onClose: () => void }) {
  const { t } = useWords();
  return (
    <>
      <div className="stack stack--s"><p>{t("people.linkOnce")}</p><p className="secret"><code className="mono">{link}</code></p></div>
      <footer>
        <button type="button" className="btn" onClick={() => void navigator.clipboard.writeText(link).then(() => announce(t("action.copied")))}><Copy className="i" aria-hidden="true" />{t("action.copy")}</button>
        <button type="button" className="btn btn--primary" onClick={onClose}>{t("action.close")}</button>
      </footer>
    </>
  );
}

function Invite({ onClose }: { onClose: () => void }) {
  const words = useWords();
  const { t } = words;
  const { person } = useSession();
  const [link, setLink] = useState<string | null>(null);
  const invite = useMutation({
    mutationFn: (form: FormData) =>
      request<{ id: string; link?: string }>("/api/people", { body: { email: form.get("email"), name: form.get("name"), role: form.get("role") } }),
    onSuccess: (made) => {
      refresh();
      if (made.link) setLink(new URL(made.link, window.location.href).href);
      else onClose();
    },
  });
  return (
    <FormDialog title={link ? t("people.invited") : t("people.invite")} onClose={onClose}>
      {link ? (
        <OneTimeLink link={link} onClose={onClose} />
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); invite.mutate(new FormData(event.currentTarget)); }}>
          <div className="dialog__body stack">
            <Field label={t("settings.name")} name="name" required autoFocus maxLength={120} autoComplete="off" />
            <Field label={t("door.email")} name="email" type="email" required autoComplete="off" />
            <fieldset className="stack stack--s">
              <legend className="field__label">{t("people.role")}</legend>
              {roles.filter((role) => person.role === "admin" || role === "member").map((role) => (
                <label className="check" key={role}>
                  <input type="radio" name="role" value={role} defaultChecked={role === "member"} />
                  <span>{t(`role.${role}`)}<span className="field__help check__help">{t(`roleHelp.${role}`)}</span></span>
                </label>
              ))}
            </fieldset>
            {invite.error ? <FieldError>{explain(invite.error, words).title} {explain(invite.error, words).action}</FieldError> : null}
          </div>
          <footer>
            <button type="button" className="btn" onClick={onClose}>{t("action.cancel")}</button>
            <button type="submit" className="btn btn--primary" aria-busy={invite.isPending}>{t("people.makeLink")}</button>
          </footer>
        </form>
      )}
    </FormDialog>
  );
}
