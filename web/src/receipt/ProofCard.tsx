// Verifies, in this browser, that the receipt stands in the log, and says in plain words what that proves.
import { useMutation } from "@tanstack/react-query";
import { Check, CircleAlert, Download, ShieldCheck } from "lucide-react";
import { bytesOf, request } from "@/api/http";
import { useWords } from "@/i18n";
import { Town } from "@/ui/Mark";
import { explain } from "@/ui/problem";
import { saveJson } from "./save";
import { verify } from "./proof";
import type { Proof } from "./proof";

export function ProofCard({ exchange }: { exchange: string }) {
  const words = useWords();
  const { t, format } = words;
  // Browsers give the functions for it to pages from https or this machine only.
  const able = typeof crypto !== "undefined" && Boolean(crypto.subtle);
  const check = useMutation({
    mutationFn: async () => {
      const [receipt, proof] = await Promise.all([bytesOf(`/api/exchanges/${exchange}`), request<Proof>(`/api/exchanges/${exchange}/proof`)]);
      return { proof, verdict: await verify(receipt, proof, exchange) };
    },
  });
  const verdict = check.data?.verdict;
  const problem = check.error ? explain(check.error, words) : null;
  return (
    <section className="card" aria-labelledby="proof">
      <h2 id="proof">{t("proof.title")}</h2>
      {verdict ? null : <p className="small muted">{able ? t("proof.text") : t("proof.needsHttps")}</p>}
      <div role="status" className="stack stack--s">
        {verdict?.holds ? (
          <>
            <p className="row row--tight ok strong"><ShieldCheck className="i" aria-hidden="true" />{t("proof.holds")}</p>
            <ul className="proof small">
              <Step>{t(verdict.of === "row" ? "proof.row" : "proof.receipt")}</Step>
              <Step>{t("proof.path", { entry: verdict.entry, size: verdict.size })}</Step>
              <Step>{verdict.signature === "valid" ? t("proof.signed", { key: verdict.key, at: format.dateTime(verdict.at) }) : t("proof.unsigned")}</Step>
            </ul>
            <p className="small muted">{t("proof.meaning")}</p>
            <p className="small"><span className="muted">{t("proof.root")}</span> <span className="mono proof__root">{verdict.root}</span></p>
          </>
        ) : verdict ? (
          <p className="bad row row--tight"><CircleAlert className="i" aria-hidden="true" /><span><strong>{t("proof.broken")}</strong> {t(`proof.broken.${verdict.broken}`)} {t("proof.brokenDo")}</span></p>
        ) : problem ? (
          <p className="bad small">{problem.title} {problem.action}</p>
        ) : null}
      </div>
      <p className="row wrap">
        {able ? (
          <button type="button" className="btn btn--small" aria-busy={check.isPending} onClick={() => check.mutate()}>
            {check.isPending ? <Town /> : <ShieldCheck className="i i--s" aria-hidden="true" />}
            {verdict ? t("proof.again") : t("proof.verify")}
          </button>
        ) : null}
        {check.data ? (
          <button type="button" className="btn btn--quiet btn--small" onClick={() => saveJson(`${exchange}-proof.json`, check.data.proof)}>
            <Download className="i i--s" aria-hidden="true" />{t("proof.export")}
          </button>
        ) : null}
      </p>
    </section>
  );
}

function Step({ children }: { children: React.ReactNode }) {
  return <li><Check className="i i--s ok" aria-hidden="true" /><span>{children}</span></li>;
}
