// One's own settings: who I am, how it looks, keys for programs.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "@/api/http";
import type { Language, Person } from "@/api/types";
import { useWords } from "@/i18n";
import { Page, PageTitle } from "@/shell/page";
import { setLetters, setTheme, useLetters, useTheme } from "@/shell/preferences";
import { signOut, update, useSession } from "@/shell/session";
import { toast } from "@/shell/status";
import { Field, FieldError } from "@/ui/Field";
import { explain } from "@/ui/problem";
import { writeStored } from "@/ui/stored";
import { Keys } from "./Keys";

export default function SettingsScreen() {
  const { t } = useWords();
  return (
    <Page>
      <div className="settings">
        <PageTitle title={t("nav.settings")}>{t("nav.settings")}</PageTitle>
        <Profile />
        <Appearance />
        <Password />
        <Keys />
        <section className="settings__part">
          <h2>{t("settings.session")}</h2>
          <p className="row"><button type="button" className="btn" onClick={() => void signOut()}>{t("nav.signOut")}</button></p>
        </section>
      </div>
    </Page>
  );
}

function useMe() {
  const session = useSession();
  return useMutation({
    mutationFn: (body: Record<string, unknown>) => request<Person>("/api/me", { method: "PATCH", body }),
    onSuccess: (person) => update({ ...session, person: { ...session.person, ...person } }),
  });
}

function Profile() {
  const words = useWords();
  const { t } = words;
  const { person } = useSession();
  const save = useMe();
  return (
    <section className="settings__part" aria-labelledby="profile">
      <h2 id="profile">{t("settings.profile")}</h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
          if (name) save.mutate({ name }, { onSuccess: () => toast(t("settings.saved")) });
        }}
      >
        <Field label={t("settings.name")} name="name" defaultValue={person.name} autoComplete="name" required maxLength={120} help={person.email} error={save.error ? explain(save.error, words).title : null} />
        <p><button type="submit" className="btn">{t("action.save")}</button></p>
      </form>
    </section>
  );
}

function Appearance() {
  const { t, language } = useWords();
  const theme = useTheme();
  const letters = useLetters();
  const save = useMe();
  const [chosen, setChosen] = useState(language);
  const languages: { id: Language; name: string }[] = [{ id: "fr", name: "Français" }, { id: "en", name: "English" }];
  return (
    <section className="settings__part" aria-labelledby="appearance">
      <h2 id="appearance">{t("settings.appearance")}</h2>
      <fieldset className="stack stack--s">
        <legend className="field__label">{t("settings.language")}</legend>
        {languages.map((one) => (
          <label className="check" key={one.id}>
            <input
              type="radio"
              name="language"
              checked={chosen === one.id}
              onChange={() => {
                setChosen(one.id);
                writeStored("language", one.id);
                save.mutate({ language: one.id });
              }}
            />
            <span lang={one.id}>{one.name}</span>
          </label>
        ))}
      </fieldset>
      <fieldset className="stack stack--s">
        <legend className="field__label">{t("settings.theme")}</legend>
        {(["auto", "light", "dark"] as const).map((one) => (
          <label className="check" key={one}>
            <input type="radio" name="theme" checked={theme === one} onChange={() => setTheme(one)} />
            <span>{t(`theme.${one}`)}</span>
          </label>
        ))}
      </fieldset>
      <div>
        <label className="switch">
          <input type="checkbox" role="switch" checked={letters} onChange={(event) => setLetters(event.target.checked)} />
          {t("settings.letters")}
        </label>
        <p className="field__help">{t("settings.lettersHelp")}</p>
      </div>
    </section>
  );
}

function Password() {
  const words = useWords();
  const { t } = words;
  const save = useMe();
  const [short, setShort] = useState(false);
  return (
    <section className="settings__part" aria-labelledby="password">
      <h2 id="password">{t("settings.password")}</h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const form = event.currentTarget;
          const data = new FormData(form);
          const fresh = String(data.get("new") ?? "");
          setShort(fresh.length < 12);
          if (fresh.length < 12) return;
          save.mutate(
            { password: { old: String(data.get("old") ?? ""), new: fresh } },
            {
              onSuccess: () => {
                form.reset();
                toast(t("settings.passwordSaved"));
              },
            },
          );
        }}
      >
        <Field label={t("settings.oldPassword")} name="old" type="password" autoComplete="current-password" required />
        <Field label={t("settings.newPassword")} name="new" type="password" autoComplete="new-password" required help={t("door.passwordHelp")} error={short ? t("door.passwordShort") : null} />
        {save.error ? <FieldError>{explain(save.error, words).title} {explain(save.error, words).action}</FieldError> : null}
        <p><button type="submit" className="btn" aria-busy={save.isPending}>{t("settings.changePassword")}</button></p>
      </form>
    </section>
  );
}
