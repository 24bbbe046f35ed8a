// A receipt as the server writes it, from what the mock did.
import { citations } from "./mock-data.mjs";

export function receiptOf({ message, conversation, plan }) {
  const refused = plan.kind === "refused";
  const stage = (name, decision, took_us, reasons = [], detail = undefined) => ({ name, decision, reasons, took_us, ...(detail ? { detail } : {}) });
  const read = plan.documentsAsked ? citations.map((one) => ({ passage: one.passage, document: one.document, title: one.title, page: one.page, score: one.score })) : [];
  const stages = [
    stage("identify", "known", 200, ["A administrator, through a session."]),
    stage("admit", "admitted", 100, ["Within 600 requests a minute."]),
    stage("label", plan.label, 100, ["The organisation's default."]),
    stage("guard_in", "allow", 400, [], { found: { person: plan.masked?.length ?? 0 } }),
    ...(refused
      ? [stage("route", "refused", 200, ["No model may see this label."])]
      : [
          stage("retrieve", plan.documentsAsked ? "found" : "none", 18_000, ["14 passages kept, 11 set aside, of 214060 that this person may read."], { searched: 214060, passages: read, candidates: Array.from({ length: 11 }, (_, index) => ({ passage: `x-${index}` })) }),
          stage("compose", plan.quoting ? "none" : "composed", 600, [], plan.quoting ? undefined : { tokens_estimated: 2918 }),
          stage("route", plan.quoting ? "no_model" : plan.route.chosen.id, 200, ["Label internal may go to walls."]),
          stage("pseudonymise", plan.masked.length > 0 ? "masked" : "not_needed", 300),
          stage("call", plan.quoting ? "quotes" : plan.route.chosen.id, 2_360_000),
          stage("guard_out", plan.quoting ? "quotes" : "supported", 3_000, ["4 of 4 claims hold to a passage, 0 withheld."]),
          stage("record", "kept", 1_100, ["The receipt and its leaf in the audit log are durable."]),
          stage("deliver", "delivered", 90),
        ]),
  ];
  return {
    exchange: message.exchange, started_at: message.created_at, took_ms: 2400, first_token_ms: 312, door: "web", conversation: conversation.id,
    finish: refused ? "refused" : "stop", label: plan.label, label_reasons: ["The organisation's default."], quoting: plan.quoting ?? null, stages,
    route: { chosen: refused || plan.quoting ? null : plan.route.chosen.id, name: plan.route.chosen?.name ?? "", zone: plan.route.chosen?.place.zone ?? "", candidates: plan.route.candidates },
    guard: { findings: (plan.masked ?? []).map((one) => ({ type: one.type, start: 0, end: 1, score: 1, rule: "" })), masked: (plan.masked ?? []).map(({ type, token }) => ({ type, token })) },
    tokens: { input: 2918, output: 125, cached_input: 0, estimated: false }, ...(plan.route?.chosen?.place?.kind === "walls" && !plan.quoting && !refused ? { speed: { queue_ms: 12, prompt_tokens_per_s: 812.4, output_tokens_per_s: 61.3 } } : {}), cost: { amount: 0.0004, known: true },
    energy: { wh_low: 0.21, wh_high: 0.34, gco2e_low: 0.012, gco2e_high: 0.019, litres_low: 0, litres_high: 0, method: "EcoLogits 0.8", basis: "estimated" },
    citations: plan.used ?? [], checked: { claims: plan.used?.length ? 4 : 0, supported: plan.used?.length ? 4 : 0, withheld: 0 },
  };
}
