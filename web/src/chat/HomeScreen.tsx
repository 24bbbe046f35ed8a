// The open square: a question, or an idea of one.
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { request } from "@/api/http";
import { conversationQuery, conversationsQuery, labelsQuery, sampleQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { useWords } from "@/i18n";
import { RailButton, Square, useTitle } from "@/shell/page";
import { useSession } from "@/shell/session";
import { Mark, Plan } from "@/ui/Mark";
import { Notice } from "@/ui/Notice";
import { explain } from "@/ui/problem";
import { Composer } from "./Composer";
import { controllerOf } from "./controller";
import type { AskOptions } from "./controller";
import { defaultOptions, rememberOptions } from "./options";
import { OptionsContext } from "./OptionsContext";
import { writeDraft } from "./draft";

export default function HomeScreen() {
  const words = useWords();
  const { t } = words;
  const { person } = useSession();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [options, setOptions] = useState<AskOptions>(() => {
    const asked = new URLSearchParams(window.location.search).get("collection");
    return asked ? { ...defaultOptions, collections: [asked] } : defaultOptions;
  });
  const [sending, setSending] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  useTitle(t("home.title"));
  const optionsValue = useMemo(() => ({ options, set: (part: Partial<AskOptions>) => setOptions((old) => ({ ...old, ...part })) }), [options]);
  // The label's own rule, not a promise of this page: where a question of the default label may go.
  const labels = useQuery(labelsQuery).data;
  const inside = labels?.walls_only?.includes(options.label ?? labels.default);

  const ask = async (content: string, how: AskOptions) => {
    setSending(true);
    setFailed(null);
    try {
      const { id } = await request<{ id: string }>("/api/conversations", { body: {} });
      const now = new Date().toISOString();
      const fresh: Conversation = {
        id, title: "", created_at: now, updated_at: now, leaf: null, messages: [], label: null,
      };
      client.setQueryData(conversationQuery(id).queryKey, fresh);
      rememberOptions(id, how);
      controllerOf(client, id).ask(content, how);
      writeDraft("new", "");
      navigate(`/c/${id}`);
    } catch (error) {
      setFailed(error);
      setSending(false);
    }
  };

  const first = person.name.split(/\s+/)[0] ?? "";
  const problem = failed ? explain(failed, words) : null;
  return (
    <OptionsContext value={optionsValue}>
      <Square className="chat">
        <div className="bar bar--open"><RailButton /></div>
        <div className="scroll">
          <div className="home">
            <header>
              <Mark size={52} />
              <h1>{t("home.hello", { name: first })}</h1>
            </header>
            {problem ? (
              <Notice kind="bad"><p><strong>{problem.title}</strong> {problem.action ?? t("error.textKept")}</p></Notice>
            ) : null}
            <Composer draftKey="new" rows={2} running={sending} keepOnSend onSend={(content) => void ask(content, options)} />
            <Starters onAsk={(text, collection) => void ask(text, { ...options, collections: collection ? [collection] : options.collections })} />
            <p className="muted small home__note">{inside ? t("home.walls") : t("home.rule")}</p>
          </div>
        </div>
      </Square>
    </OptionsContext>
  );
}

function Starters({ onAsk }: { onAsk: (text: string, collection: string | null) => void }) {
  const { t, language } = useWords();
  const sample = useQuery(sampleQuery).data;
  const recent = useInfiniteQuery(conversationsQuery()).data?.pages[0]?.conversations ?? [];
  const [shown, setShown] = useState(false);
  useEffect(() => setShown(true), []);
  const questions = sample?.state === "ready" ? sample.questions.filter((one) => one.language === language).slice(0, 3) : [];
  const colors = ["var(--text-2)", "var(--label-internal)", "var(--accent-text)", "var(--label-confidential)"];
  const rest = recent.slice(0, Math.max(0, 4 - questions.length));
  if (!shown || (questions.length === 0 && rest.length === 0)) {
    return (
      <ul className="starters">
        <li>
          <Link className="card" href="/documents">
            <Plan name="documents" />
            <span><span className="strong cut">{t("home.addDocuments")}</span><span className="muted small cut">{t("home.addDocumentsNote")}</span></span>
          </Link>
        </li>
      </ul>
    );
  }
  return (
    <ul className="starters">
      {questions.map((question, index) => (
        <li key={question.text}>
          <button type="button" className="card" onClick={() => onAsk(question.text, sample?.collection ?? null)}>
            <Plan name={question.text} color={colors[index % 4] ?? "var(--text-2)"} />
            <span><span className="strong starters__text">{question.text}</span><span className="muted small cut">{t("home.sample")}</span></span>
          </button>
        </li>
      ))}
      {rest.map((row, index) => (
        <li key={row.id}>
          <Link className="card" href={`/c/${row.id}`}>
            <Plan name={row.id} color={colors[(questions.length + index) % 4] ?? "var(--text-2)"} />
            <span><span className="strong cut">{row.title || t("chat.untitled")}</span><span className="muted small cut">{t("home.goOn")}</span></span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
