// The first administrator, by the one-time link /welcome#TOKEN.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { request } from "@/api/http";
import type { Session } from "@/api/types";
import { useWords } from "@/i18n";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { explain } from "@/ui/problem";
import { PageTitle } from "./page";
import { begin } from "./session";
import { Steps } from "./Steps";
import { Wall } from "./Wall";

const passwordMin = 12;

export default function FirstAdmin({ organisation }: { organisation: string }) {
  const words = useWords();
  const { t } = words;
  const [, navigate] = useLocation();
  const token = window.location.hash.slice(1);
  const [errors, setErrors] = useState<{ email?: string; password?: string }>({});
  const make = useMutation({
    mutationFn: (body: Record<string, string>) => request<Session>("/api/setup", { body, mayBeSignedOut: true }),
    onSuccess: (session) => {
      // The link has done its work; it should not stay in the address or the history.
      navigate("/welcome", { replace: true });
      begin(session);
    },
  });
  const problem = make.error ? explain(make.error, words) : null;
  return (
    <div className="first">
      <Wall><Steps at={1} /></Wall>
      <main className="first__main" id="main">
        {token === "" ? (
          <div className="stack">
            <PageTitle title={t("setup.title")}>{t("setup.linkTitle")}</PageTitle>
            <p>{t("setup.linkText")}</p>
          </div>
        ) : (
          <form
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              const form = new FormData(event.currentTarget);
              const email = String(form.get("email") ?? "").trim();
              const password = String(form.get("password") ?? "");
              const found = {
                ...(/^[^\s@]+@[^\s@]+\.[^\s@.]{2,}$/.test(email) ? {} : { email: t("setup.emailError") }),
                ...(password.length < passwordMin ? { password: t("door.passwordShort") } : {}),
              };
              setErrors(found);
              if (Object.keys(found).length > 0) {
                event.currentTarget.querySelector<HTMLInputElement>(found.email ? "[name=email]" : "[name=password]")?.focus();
                return;
              }
              make.mutate({ token, email, name: String(form.get("name") ?? "").trim(), password });
            }}
          >
            <div className="stack stack--s">
              <p className="muted small">{t("setup.step", { at: 1, of: 2 })}</p>
              <PageTitle title={t("setup.title")}>{t("setup.title")}</PageTitle>
              <p className="muted">{t("setup.text")} {organisation}</p>
            </div>
            {problem ? <Notice kind="bad"><p><strong>{problem.title}</strong> {problem.action}</p></Notice> : null}
            <Field label={t("settings.name")} name="name" autoComplete="name" required autoFocus />
            <Field label={t("door.email")} name="email" type="email" autoComplete="username" required error={errors.email} />
            <Field label={t("door.password")} name="password" type="password" autoComplete="new-password" required help={t("door.passwordHelp")} error={errors.password} />
            <div className="row"><button type="submit" className="btn btn--primary btn--large" aria-busy={make.isPending}>{t("setup.go")}</button></div>
          </form>
        )}
      </main>
    </div>
  );
}
