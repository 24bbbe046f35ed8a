import { useMutation } from "@tanstack/react-query";
import { Problem, request } from "@/api/http";
import type { Session } from "@/api/types";
import { useWords } from "@/i18n";
import { Field } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { explain } from "@/ui/problem";
import { Wall } from "./Wall";
import { PageTitle } from "./page";
import { begin } from "./session";

export function SignIn({ organisation }: { organisation: string }) {
  const words = useWords();
  const { t } = words;
  const enter = useMutation({
    mutationFn: (form: FormData) =>
      request<Session>("/api/session", { body: { email: form.get("email"), password: form.get("password") }, mayBeSignedOut: true }),
    onSuccess: begin,
  });
  const problem = enter.error ? explain(enter.error, words) : null;
  const wait = enter.error instanceof Problem && enter.error.status === 429 ? enter.error.retryAfterSeconds : null;
  return (
    <div className="first">
      <Wall />
      <main className="first__main" id="main">
        <form onSubmit={(event) => { event.preventDefault(); enter.mutate(new FormData(event.currentTarget)); }}>
          <div className="stack stack--s">
            <PageTitle title={t("door.title")}>{t("door.title")}</PageTitle>
            {organisation ? <p className="muted">{organisation}</p> : null}
          </div>
          {problem ? (
            <Notice kind="bad">
              <p><strong>{problem.title}</strong> {wait ? t("door.wait", { n: wait }) : problem.action}</p>
            </Notice>
          ) : null}
          <Field label={t("door.email")} name="email" type="email" autoComplete="username" required autoFocus />
          <Field label={t("door.password")} name="password" type="password" autoComplete="current-password" required />
          <div className="row wrap">
            <button type="submit" className="btn btn--primary btn--large" data-pending={enter.isPending ? "" : undefined} aria-busy={enter.isPending}>
              {t("door.enter")}
            </button>
          </div>
          <p className="muted small">{t("door.forgotten")}</p>
        </form>
      </main>
    </div>
  );
}
