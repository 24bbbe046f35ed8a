// Who is here decides what is shown: the first administrator, the door, or the house.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { Problem, setSignedOutHandler } from "@/api/http";
import { client, sessionQuery } from "@/api/queries";
import type { Language } from "@/api/types";
import { loadCatalogue, useWords, WordsProvider } from "@/i18n";
import type { Catalogue } from "@/i18n/fr";
import { Notice } from "@/ui/Notice";
import { Later } from "@/ui/Pending";
import { Town } from "@/ui/Mark";
import { writeStored } from "@/ui/stored";
import { Frame } from "./Frame";
import { SessionProvider } from "./session";
import { SignIn } from "./SignIn";

const WelcomeLink = lazy(() => import("./WelcomeLink"));

export function App({ first }: { first: { language: Language; catalogue: Catalogue } }) {
  const [words, setWords] = useState(first);
  const { data } = useQuery(sessionQuery);
  const wanted = data && !(data instanceof Problem) ? data.person.language : null;
  useEffect(() => {
    if (!wanted || wanted === words.language) return;
    let current = true;
    void loadCatalogue(wanted).then((catalogue) => {
      if (!current) return;
      writeStored("language", wanted);
      setWords({ language: wanted, catalogue });
    });
    return () => {
      current = false;
    };
  }, [wanted, words.language]);
  return (
    <WordsProvider language={words.language} catalogue={words.catalogue}>
      <Door />
    </WordsProvider>
  );
}

function Door() {
  const { t } = useWords();
  const session = useQuery(sessionQuery);
  const [location, navigate] = useLocation();
  useEffect(() => {
    setSignedOutHandler(() => void client.invalidateQueries({ queryKey: sessionQuery.queryKey }));
  }, []);

  const out = session.data instanceof Problem ? session.data : null;
  const inside = session.data && !out;
  useEffect(() => {
    if (out && !out.body.setup_needed && location !== "/sign-in" && location !== "/welcome") {
      sessionStorage.setItem("bastide.after", location + window.location.search);
      navigate("/sign-in", { replace: true });
    }
    if (inside && location === "/sign-in") {
      const after = sessionStorage.getItem("bastide.after");
      sessionStorage.removeItem("bastide.after");
      navigate(after?.startsWith("/") && !after.startsWith("//") ? after : "/", { replace: true });
    }
  }, [out, inside, location, navigate]);

  if (session.isPending || (session.isError && !session.data)) {
    return (
      <div className="door">
        {session.failureCount > 0 ? (
          <Notice kind="bad" action={<button type="button" className="btn btn--small" onClick={() => void session.refetch()}>{t("action.retry")}</button>}>
            <p><strong>{t("error.unreachable")}</strong> {t("error.unreachableWait")}</p>
          </Notice>
        ) : (
          <Later afterMs={300}><Town /></Later>
        )}
      </div>
    );
  }
  const token = location === "/welcome" ? window.location.hash.slice(1) : "";
  // A link is also for who is still signed in on this device as somebody else.
  if (token !== "" || out?.body.setup_needed) {
    return <Suspense fallback={null}><WelcomeLink token={token} organisation={out?.body.organisation ?? ""} /></Suspense>;
  }
  if (out) return <SignIn organisation={out.body.organisation ?? ""} />;
  if (!inside || session.data instanceof Problem) return null;
  return <SessionProvider session={session.data}><Frame /></SessionProvider>;
}
