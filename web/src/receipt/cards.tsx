// Beside the walk: the passages that were read, what was masked, the energy.
import { Link } from "wouter";
import type { Receipt } from "@/api/types";
import { kindName } from "@/chat/words";
import { citedPlace, documentPlace } from "@/documents/place";
import { useWords } from "@/i18n";
import { assumption } from "./assumed";

interface ReadPassage {
  passage?: string;
  document?: string;
  title?: string;
  section?: string;
  page?: number;
  score?: number;
}

export function PassagesCard({ receipt }: { receipt: Receipt }) {
  const { t, format } = useWords();
  const retrieve = receipt.stages.find((stage) => stage.name === "retrieve");
  const read = (Array.isArray(retrieve?.detail?.passages) ? retrieve.detail.passages : []) as ReadPassage[];
  const aside = Array.isArray(retrieve?.detail?.candidates) ? retrieve.detail.candidates.length : 0;
  const cited = receipt.citations ?? [];
  if (read.length === 0 && cited.length === 0) return null;
  const rest = read.filter((one) => !cited.some((citation) => citation.passage === one.passage));
  return (
    <section className="card">
      <h2>{t("receipt.passages")}</h2>
      <ol className="stack stack--s">
        {cited.map((one) => (
          <li key={one.marker}>
            <Link className="source" href={citedPlace(one)}>
              <span className="source__n">{one.marker}</span>
              <span className="row">
                <span className="strong cut">{one.title}</span>
                <span className="muted small nowrap push num">
                  {[one.page ? t("source.page", { page: one.page }) : "", one.score ? format.number(one.score, 2) : ""].filter(Boolean).join(", ")}
                </span>
              </span>
              <span className="source__quote">{t("quote.marks", { text: one.quote.trim() })}</span>
            </Link>
          </li>
        ))}
      </ol>
      {rest.length > 0 ? (
        <details>
          <summary className="small">{t("receipt.alsoRead", { n: rest.length })}</summary>
          <ul className="small receipt__rest">
            {rest.map((one, index) => (
              <li className="row" key={one.passage ?? index}>
                <span className="cut">
                  {one.document ? <Link href={documentPlace(one.document, one.passage)}>{one.title || "…"}</Link> : one.title}
                  {one.section && one.section !== one.title ? <span className="muted"> › {one.section}</span> : null}
                </span>
                <span className="push muted num nowrap">{[one.page ? t("source.page", { page: one.page }) : "", one.score !== undefined ? format.number(one.score, 2) : ""].filter(Boolean).join(", ")}</span>
              </li>
            ))}
          </ul>
        </details>
      ) : null}
      {aside > 0 ? <p className="small muted">{t("receipt.aside", { n: aside })}</p> : null}
    </section>
  );
}

export function PersonalCard({ receipt, masked }: { receipt: Receipt; masked: { token: string; original: string; type: string }[] | null; question: string }) {
  const words = useWords();
  const { t } = words;
  const items = masked && masked.length > 0 ? masked : (receipt.guard?.masked ?? []);
  const findings = receipt.guard?.findings ?? [];
  if (items.length === 0 && findings.length === 0) return null;
  return (
    <section className="card">
      <h2>{t("receipt.personal")}</h2>
      {items.length > 0 ? (
        <dl className="pairs pairs--masks">
          {items.map((one) => (
            <div className="pairs__row" key={one.token}>
              <dt>{one.original ?? kindName(one.type, words)}</dt>
              <dd><span className="mask">{one.token}</span></dd>
            </div>
          ))}
        </dl>
      ) : null}
      <p className="small muted">{items.length > 0 ? t("receipt.maskedNote") : t("receipt.insideNote", { n: findings.length })}</p>
    </section>
  );
}

export function EnergyCard({ receipt }: { receipt: Receipt }) {
  const words = useWords();
  const { t, format } = words;
  const { energy } = receipt;
  if (!energy || energy.wh_high <= 0) return null;
  return (
    <section className="card">
      <h2>{t("receipt.energy")}</h2>
      <dl className="pairs small">
        <div className="pairs__row"><dt>{t("receipt.electricity")}</dt><dd>{format.wattHours(energy.wh_low, energy.wh_high)}</dd></div>
        {energy.gco2e_high !== undefined ? <div className="pairs__row"><dt>{t("receipt.carbon")}</dt><dd>{format.carbon(energy.gco2e_low ?? 0, energy.gco2e_high)}</dd></div> : null}
      </dl>
      <p className="small muted">
        {energy.basis === "measured" ? t("receipt.measured") : t("receipt.estimated")} {energy.method ? t("receipt.method", { method: energy.method }) : ""}
      </p>
      {energy.assumed && energy.assumed.length > 0 ? (
        <div className="small muted">
          <p className="strong">{t("receipt.assumed")}</p>
          <ul className="receipt__assumed">{energy.assumed.map((sentence) => <li key={sentence}>{assumption(sentence, words)}</li>)}</ul>
        </div>
      ) : null}
    </section>
  );
}
