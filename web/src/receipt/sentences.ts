// What a stage decided, as a sentence in the person's language. The server's own English reasons stand beside it.
import type { Receipt, ReceiptStage } from "@/api/types";
import { kindName } from "@/chat/words";
import type { Words } from "@/i18n";

export function stageSentence(stage: ReceiptStage, receipt: Receipt, words: Words): string {
  const { t, format } = words;
  const decision = stage.decision ?? "";
  const detail = stage.detail ?? {};
  switch (stage.name) {
    case "identify":
      return t("walked.identify");
    case "admit":
      return decision === "refused" ? t("walked.admitRefused") : t("walked.admit");
    case "label":
      return (receipt.label_reasons?.length ?? 0) > 1 ? t("walked.labelRaised") : t("walked.label");
    case "guard_in": {
      const kinds = [...new Set((receipt.guard?.findings ?? []).map((one) => kindName(one.type, words)))];
      if (decision === "block") return t("walked.guardBlock");
      return kinds.length > 0 ? t("walked.guardFound", { n: receipt.guard?.findings?.length ?? 0, kinds: format.list(kinds) }) : t("walked.guardNone");
    }
    case "retrieve": {
      if (decision === "none") return t("walked.retrieveNone");
      if (decision === "nothing_found") return t("walked.retrieveNothing");
      const kept = Array.isArray(detail.passages) ? detail.passages.length : 0;
      const searched = typeof detail.searched === "number" ? detail.searched : 0;
      return t("walked.retrieve", { n: kept, searched });
    }
    case "compose":
      return typeof detail.tokens_estimated === "number" ? t("walked.compose", { n: detail.tokens_estimated }) : t("walked.composeNone");
    case "route":
      if (decision === "no_model") return t("walked.routeNone");
      if (decision === "refused") return t("walked.routeRefused");
      if (decision === "failed") return t("walked.routeFailed");
      return t("walked.route", { model: receipt.route?.name || decision });
    case "pseudonymise":
      if (decision === "masked") return t("walked.masked", { n: receipt.guard?.masked?.length ?? 0 });
      if (decision === "refused") return t("walked.maskRefused");
      if (decision === "nothing_found") return t("walked.maskNothing");
      return t("walked.maskInside");
    case "call":
      if (decision === "quotes") return t("walked.callQuotes");
      if (decision === "failed") return t("walked.callFailed");
      return receipt.first_token_ms ? t("walked.call", { time: format.duration(receipt.first_token_ms * 1000) }) : t("walked.callDone");
    case "guard_out":
      if (decision === "replaced_by_quotes") return t("walked.outReplaced");
      if (decision === "quotes") return t("walked.outQuotes", { n: receipt.citations?.length ?? 0 });
      if (decision === "nothing_found") return t("walked.outNothing");
      if (receipt.checked?.claims) return t("walked.out", { kept: receipt.checked.supported ?? 0, n: receipt.checked.claims });
      return t("walked.outPassed");
    case "record":
      return t("walked.record");
    case "deliver":
      return t("walked.deliver");
    default:
      return decision;
  }
}
