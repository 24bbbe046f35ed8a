// A one-time link /welcome#TOKEN: the first administrator, an invitation, a new password.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { request, withQuery } from "@/api/http";
import type { Session, WelcomeLink as OneTimeLink } from "@/api/types";
import { useWords } from "@/i18n";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { explain } from "@/ui/problem";
import { PageTitle } from "./page";
import { begin } from "./session";
import { Steps } from "./Steps";
import { Wall } from "./Wall";

const passwordMin = 12;

export default function WelcomeLink({ token, organisation }: { token: string; organisation: string }) {
  const words = useWords();
  const { t } = words;
  const link = useQuery({
    queryKey: ["link", token],
    queryFn: ({ signal }) => request<OneTimeLink>(withQuery("/api/setup", { token }), { signal, mayBeSignedOut: true }),
    enabled: token !== "",
    gcTime: 0,
  });
  const first = link.data?.kind === "first_administrator";
  return (
    <div className="first">
      <Wall>{first ? <Steps at={1} /> : null}</Wall>
      <main className="first__main" id="main">
        {token === "" ? (
          <div className="stack">
            <PageTitle title={t("setup.title")}>{t("setup.linkTitle")}</PageTitle>
            <p>{t("setup.linkText")}</p>
          </div>
        ) : link.error ? (
          <div className="stack">
            <PageTitle title={t("setup.linkGone")}>{t("setup.linkGone")}</PageTitle>
            <p>{explain(link.error, words).title} {explain(link.error, words).action}</p>
            <p><Link className="btn btn--primary" href="/sign-in">{t("door.title")}</Link></p>
          </div>
        ) : link.data ? (
          <Account token={token} link={link.data} organisation={link.data.organisation || organisation} />
        ) : null}
      </main>
    </div>
  );
}

function Account({ token, link, organisation }: { token: string; link: OneTimeLink; organisation: string }) {
  const words = useWords();
  const { t } = words;
  const [, navigate] = useLocation();
  const [errors, setErrors] = useState<{ email?: string; password?: string }>({});
  const first = link.kind === "first_administrator";
  const title = t(`setup.${link.kind}`);
  const make = useMutation({
    mutationFn: (body: Record<string, string>) => request<Session>("/api/setup", { body, mayBeSignedOut: true }),
    onSuccess: (session) => {
      // The link has done its work; it should not stay in the address or the history.
      navigate(first ? "/welcome" : "/", { replace: true });
      begin(session);
    },
  });
  const problem = make.error ? explain(make.error, words) : null;
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const email = first ? String(data.get("email") ?? "").trim() : (link.email ?? "");
    const password = String(data.get("password") ?? "");
    const found = {
      ...(!first || /^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(email) ? {} : { email: t("setup.emailError") }),
      ...(password.length < passwordMin ? { password: t("door.passwordShort") } : {}),
    };
    setErrors(found);
    if (found.email ?? found.password) {
      form.querySelector<HTMLInputElement>(found.email ? "[name=email]" : "[name=password]")?.focus();
      return;
    }
    make.mutate({ token, email, name: String(data.get("name") ?? link.name ?? "").trim(), password });
  };
  return (
    <form noValidate onSubmit={(event) => { event.preventDefault(); submit(event.currentTarget); }}>
      <div className="stack stack--s">
        {first ? <p className="muted small">{t("setup.step", { at: 1, of: 2 })}</p> : null}
        <PageTitle title={title}>{title}</PageTitle>
        <p className="muted">{first ? t("setup.text") : link.email} {organisation}</p>
      </div>
      {problem ? <Notice kind="bad"><p><strong>{problem.title}</strong> {problem.action}</p></Notice> : null}
      {link.kind === "password_reset" ? null : <Field label={t("settings.name")} name="name" autoComplete="name" required autoFocus defaultValue={link.name} />}
      {first ? (
        <Field label={t("door.email")} name="email" type="email" autoComplete="username" required error={errors.email} />
      ) : (
        <input type="hidden" name="username" autoComplete="username" value={link.email ?? ""} readOnly />
      )}
      <Field label={t("door.password")} name="password" type="password" autoComplete="new-password" required help={t("door.passwordHelp")} error={errors.password} autoFocus={link.kind === "password_reset"} />
      <div className="row"><button type="submit" className="btn btn--primary btn--large" aria-busy={make.isPending}>{t("setup.go")}</button></div>
    </form>
  );
}
