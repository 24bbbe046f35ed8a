// How an answer was made: each stage, what it decided and why, the passages, the energy.
import { useQuery } from "@tanstack/react-query";
import { ArrowLeft, Download } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { Problem } from "@/api/http";
import { conversationQuery, modelsQuery, receiptQuery } from "@/api/queries";
import type { Place, Receipt } from "@/api/types";
import { useWords } from "@/i18n";
import { NotFound } from "@/shell/NotFound";
import { PageTitle, RailButton, Square } from "@/shell/page";
import { Label, PlaceDot } from "@/ui/Label";
import { Skeleton } from "@/ui/Pending";
import { PassagesCard, PersonalCard, EnergyCard } from "./cards";
import { ProofCard } from "./ProofCard";
import { saveJson } from "./save";
import { Walk } from "./Walk";

/** The receipt names a zone; whether it is within the walls is in its name. */
export function placeOf(zone: string | undefined): Place | null {
  if (!zone) return null;
  if (zone === "walls") return { kind: "walls", zone };
  return { kind: "zone", zone };
}

export default function ReceiptScreen({ id }: { id: string }) {
  const { t, format } = useWords();
  const { data, error } = useQuery(receiptQuery(id));
  const conversation = useQuery({ ...conversationQuery(data?.conversation ?? ""), enabled: Boolean(data?.conversation), retry: false }).data;
  const answer = conversation?.messages.find((message) => message.exchange === id);
  const question = conversation?.messages.find((message) => message.id === answer?.parent);
  if (error instanceof Problem && error.status === 404) return <NotFound />;

  return (
    <Square>
      <div className="bar">
        <RailButton />
        {conversation ? (
          <Link className="btn btn--quiet btn--small bar__back" href={`/c/${conversation.id}`}>
            <ArrowLeft className="i i--s" aria-hidden="true" />
            <span className="cut">{conversation.title || t("chat.untitled")}</span>
          </Link>
        ) : null}
        <span className="push">
          <button type="button" className="btn btn--small" onClick={() => saveJson(`${id}.json`, data)} disabled={!data}><Download className="i i--s" aria-hidden="true" />{t("receipt.export")}</button>
        </span>
      </div>
      <div className="scroll">
        <div className="page">
          <div className="page__head">
            <div>
              <PageTitle title={t("slip.how")}>{t("slip.how")}</PageTitle>
              {question ? <p className="muted receipt__question">{t("quote.marks", { text: question.content })}</p> : null}
              <p className="small faint num">
                {data?.started_at ? `${format.dateTime(data.started_at)}. ` : ""}
                {t("receipt.exchange")} <span className="mono receipt__id">{id}</span>
              </p>
            </div>
          </div>
          {data ? <Opened receipt={data} question={question?.content ?? ""} place={answer?.place ?? null} masked={answer?.masked ?? null} /> : <Skeleton lines={8} />}
        </div>
      </div>
    </Square>
  );
}

function Opened({ receipt, question, place, masked }: {
  receipt: Receipt;
  question: string;
  place: Place | null;
  masked: { token: string; original: string; type: string }[] | null;
}) {
  const { t } = useWords();
  const [detail, setDetail] = useState(false);
  return (
    <>
      <Facts receipt={receipt} place={place} />
      <div className="receipt">
        <section aria-labelledby="way">
          <div className="row receipt__h">
            <h2 id="way">{t("receipt.way")}</h2>
            <button type="button" className="btn btn--quiet btn--small push" aria-pressed={detail} onClick={() => setDetail(!detail)}>{detail ? t("walk.less") : t("walk.reasons")}</button>
          </div>
          <Walk receipt={receipt} detail={detail} />
        </section>
        <div className="side">
          <PassagesCard receipt={receipt} />
          <PersonalCard receipt={receipt} masked={masked} question={question} />
          <EnergyCard receipt={receipt} />
          <ProofCard exchange={receipt.exchange} />
        </div>
      </div>
    </>
  );
}

function Facts({ receipt, place }: { receipt: Receipt; place: Place | null }) {
  const { t, format } = useWords();
  const models = useQuery(modelsQuery).data?.models;
  const chosen = receipt.route?.chosen;
  const where = place ?? models?.find((model) => model.id === chosen)?.place ?? placeOf(receipt.route?.zone);
  const { energy, tokens, cost, checked, speed } = receipt;
  return (
    <dl className="facts">
      <div>
        <dt>{t("receipt.model")}</dt>
        {chosen ? (
          <><dd>{receipt.route?.name || chosen}</dd>{where ? <dd className="note"><PlaceDot place={where} /></dd> : null}</>
        ) : (
          <><dd>{t("receipt.none")}</dd><dd className="note">{receipt.quoting ? t("slip.noModel") : t("receipt.notSent")}</dd></>
        )}
      </div>
      {receipt.label ? <div><dt>{t("label.title")}</dt><dd><Label id={receipt.label} /></dd></div> : null}
      <div>
        <dt>{t("receipt.cited")}</dt>
        <dd>{format.number(receipt.citations?.length ?? 0)}</dd>
        {checked?.claims ? <dd className="note">{t("receipt.checked", { kept: checked.supported ?? 0, n: checked.claims })}</dd> : null}
      </div>
      {receipt.took_ms !== undefined ? (
        <div>
          <dt>{t("receipt.duration")}</dt>
          <dd>{format.duration(receipt.took_ms * 1000)}</dd>
          {receipt.first_token_ms ? <dd className="note">{t("receipt.firstWord", { time: format.duration(receipt.first_token_ms * 1000) })}</dd> : null}
          {speed && speed.queue_ms >= 100 ? <dd className="note">{t("receipt.queued", { time: format.duration(speed.queue_ms * 1000) })}</dd> : null}
          {speed && speed.prompt_tokens_per_s > 0 ? <dd className="note">{t("receipt.readAt", { n: format.rate(speed.prompt_tokens_per_s) })}</dd> : null}
          {speed && speed.output_tokens_per_s > 0 ? <dd className="note">{t("receipt.writtenAt", { n: format.rate(speed.output_tokens_per_s) })}</dd> : null}
        </div>
      ) : null}
      {energy && energy.wh_high > 0 ? (
        <div>
          <dt>{t("receipt.energy")}</dt>
          <dd>{format.wattHours(energy.wh_low, energy.wh_high)}</dd>
          {energy.gco2e_high !== undefined ? <dd className="note">{format.carbon(energy.gco2e_low ?? 0, energy.gco2e_high)}</dd> : null}
        </div>
      ) : null}
      {/* Quotes call no model: they have neither cost nor tokens. */}
      {tokens && (tokens.input ?? 0) + (tokens.output ?? 0) > 0 ? (
        <div>
          <dt>{t("receipt.cost")}</dt>
          <dd>{cost?.known ? format.euros(cost.amount ?? 0) : t("receipt.unknownCost")}</dd>
          <dd className="note">{t("receipt.tokens", { input: tokens.input ?? 0, output: tokens.output ?? 0 })}</dd>
        </div>
      ) : null}
    </dl>
  );
}
