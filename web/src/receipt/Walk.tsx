// The stages in their order, each with what it decided, in words, and how long it took.
import { useQuery } from "@tanstack/react-query";
import { Ban, Check } from "lucide-react";
import { modelsQuery } from "@/api/queries";
import type { Receipt, ReceiptStage, RouteCandidate } from "@/api/types";
import { useWords } from "@/i18n";
import { Label, PlaceDot } from "@/ui/Label";
import { stageSentence } from "./sentences";

const names = [
  "identify", "admit", "label", "guard_in", "retrieve", "compose", "route", "pseudonymise", "call", "guard_out", "record", "deliver",
] as const;
type Name = (typeof names)[number];
// What a person would look for first.
const key: readonly string[] = ["label", "retrieve", "route", "guard_out"];

export function Walk({ receipt, detail }: { receipt: Receipt; detail: boolean }) {
  const { t, format } = useWords();
  const total = receipt.stages.reduce((sum, stage) => sum + (stage.took_us ?? 0), 0);
  const models = useQuery(modelsQuery).data?.models;
  // Models that cannot chat at all (embeddings) were never in question.
  const candidates = (receipt.route?.candidates ?? []).filter((one) => one.reason !== "no_capability" || models?.some((model) => model.id === one.model));
  let before = 0;
  return (
    <ol className="walk">
      {receipt.stages.map((stage, index) => {
        const took = stage.took_us ?? 0;
        const offset = total > 0 ? (before / total) * 100 : 0;
        const part = total > 0 ? (took / total) * 100 : 0;
        before += took;
        return (
          <li key={`${stage.name}-${index}`}>
            <span className="walk__n" data-key={key.includes(stage.name) ? "" : undefined}>{index + 1}</span>
            <div>
              <h3>{(names as readonly string[]).includes(stage.name) ? t(`walk.${stage.name as Name}`) : stage.name}</h3>
              <Stage stage={stage} receipt={receipt} detail={detail} />
            </div>
            <div className="walk__t">
              {took > 0 ? format.duration(took) : "–"}
              <span aria-hidden="true"><i style={{ "--o": `${Math.min(99, offset)}%`, "--v": `${Math.max(0.3, part)}%` } as React.CSSProperties} /></span>
            </div>
            {stage.name === "route" && candidates.length > 0 ? <Candidates receipt={receipt} candidates={candidates} /> : null}
          </li>
        );
      })}
    </ol>
  );
}

function Stage({ stage, receipt, detail }: { stage: ReceiptStage; receipt: Receipt; detail: boolean }) {
  const words = useWords();
  const sentence = stageSentence(stage, receipt, words);
  const reasons = stage.reasons ?? [];
  return (
    <>
      {stage.name === "label" && receipt.label ? <p><Label id={stage.decision || receipt.label} /> {sentence}</p> : <p>{sentence}</p>}
      {detail && (reasons.length > 0 || stage.decision) ? (
        <ul className="small walk__reasons" lang="en">
          <li className="mono">{stage.decision}</li>
          {reasons.map((reason, index) => <li key={index}>{reason}</li>)}
        </ul>
      ) : null}
    </>
  );
}

const reasonWords = [
  "chosen", "allowed", "label_not_allowed_in_zone", "not_requested", "no_capability", "context_too_small", "not_ready",
  "too_small_for_documents", "unknown_zone",
] as const;
type Reason = (typeof reasonWords)[number];

function Candidates({ receipt, candidates }: { receipt: Receipt; candidates: readonly RouteCandidate[] }) {
  const { t } = useWords();
  const models = useQuery(modelsQuery).data?.models;
  return (
    <div className="tablewrap more card" tabIndex={0} role="region" aria-label={t("walk.candidates")}>
      <table className="table table--close">
        <thead><tr><th scope="col">{t("receipt.model")}</th><th scope="col">{t("walk.place")}</th><th scope="col">{t("walk.decision")}</th></tr></thead>
        <tbody>
          {candidates.map((one) => {
            const model = models?.find((other) => other.id === one.model);
            const chosen = one.model === receipt.route?.chosen;
            const forbidden = one.reason === "label_not_allowed_in_zone" || one.reason === "unknown_zone";
            const known = (reasonWords as readonly string[]).includes(one.reason);
            return (
              <tr key={one.model}>
                <td className={chosen ? "strong nowrap" : "nowrap"}>{model?.name ?? one.model}</td>
                <td>{model ? <PlaceDot place={model.place} /> : "–"}</td>
                <td className="small">
                  {chosen ? (
                    <span className="tag tag--ok"><Check className="i i--s" aria-hidden="true" />{t("reason.chosen")}</span>
                  ) : (
                    <>
                      {forbidden ? <span className="tag tag--bad"><Ban className="i i--s" aria-hidden="true" />{t("walk.forbidden")}</span> : null}{" "}
                      <span className="muted">{known ? t(`reason.${one.reason as Reason}`) : (one.text ?? one.reason)}</span>
                    </>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
