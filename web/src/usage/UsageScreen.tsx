// What was used: one's own month, and the organisation's for administrators.
import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, Download } from "lucide-react";
import { useState } from "react";
import { myUsageQuery, organisationUsageQuery } from "@/api/queries";
import type { OrganisationUsage, OwnUsage, UsageSum } from "@/api/types";
import { useWords } from "@/i18n";
import { Page, PageTitle } from "@/shell/page";
import { useSession } from "@/shell/session";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Pending";
import { explain } from "@/ui/problem";
import { Budgets } from "./Budgets";
import { DayChart } from "./DayChart";
import { monthBack } from "./months";
import type { Month } from "./months";
import { byDay, byModel, units } from "./sums";
import type { Unit } from "./sums";

const monthsBack = 12;
const sides = ["mine", "all"] as const;
type Side = (typeof sides)[number];
const groupings = ["model", "person", "group", "key", "assistant"] as const;
type Grouping = (typeof groupings)[number];

export default function UsageScreen() {
  const words = useWords();
  const { t, format } = words;
  const { person } = useSession();
  const [back, setBack] = useState(0);
  const [side, setSide] = useState<Side>("mine");
  const [by, setBy] = useState<Grouping>("model");
  const month = monthBack(back);
  const mine = useQuery({ ...myUsageQuery(month), enabled: side === "mine", placeholderData: (old) => old });
  const all = useQuery({ ...organisationUsageQuery(month, by), enabled: side === "all", placeholderData: (old) => old });
  const { data, error } = side === "mine" ? mine : all;
  const problem = error ? explain(error, words) : null;
  return (
    <Page>
      <div className="page__head">
        <div><PageTitle title={t("nav.usage")}>{t("nav.usage")}</PageTitle></div>
        <div className="row">
          <button type="button" className="iconbtn" aria-label={t("usage.before")} disabled={back >= monthsBack} onClick={() => setBack(back + 1)}><ChevronLeft className="i" aria-hidden="true" /></button>
          <span className="strong nowrap usage__month" aria-live="polite">{format.month(month.from)}</span>
          <button type="button" className="iconbtn" aria-label={t("usage.after")} disabled={back === 0} onClick={() => setBack(back - 1)}><ChevronRight className="i" aria-hidden="true" /></button>
          {side === "mine" ? <a className="btn btn--small" href={`/api/me/usage.csv?from=${month.from}&to=${month.to}`} download><Download className="i i--s" aria-hidden="true" />{t("usage.csv")}</a> : null}
        </div>
      </div>
      {person.role === "admin" ? (
        <div className="row" role="group" aria-label={t("usage.whose")}>
          {sides.map((one) => <button type="button" key={one} className="chip" aria-pressed={side === one} onClick={() => setSide(one)}>{t(`usage.side.${one}`)}</button>)}
        </div>
      ) : null}
      {problem ? <Notice kind="bad"><p><strong>{problem.title}</strong> {problem.action}</p></Notice> : null}
      {data ? <Month key={side} data={data} month={month} by={by} setBy={setBy} /> : problem ? null : <Skeleton lines={6} />}
    </Page>
  );
}

function Month({ data, month, by, setBy }: { data: OwnUsage | OrganisationUsage; month: Month; by: Grouping; setBy: (by: Grouping) => void }) {
  const { t } = useWords();
  const [unit, setUnit] = useState<Unit>(data.total.cost > 0 ? "money" : "requests");
  const organisation = "usage" in data ? data : null;
  const rows = organisation
    ? organisation.usage.map(({ id, name, ...sum }) => ({ id: name || id || t("usage.none"), sum }))
    : byModel(data.days);
  return (
    <>
      {organisation?.gaps.map((gap) => (
        <Notice kind="warn" key={gap.found_at}><p>{t("usage.gap", { recovered: gap.recovered, lost: gap.lost })}</p></Notice>
      ))}
      <Totals sum={data.total} />
      {month.current && data.budgets.length > 0 ? (
        <section className="card card--pad stack stack--s" aria-labelledby="usage-budgets">
          <h2 className="card__title" id="usage-budgets">{t("usage.budgets")}</h2>
          <Budgets budgets={data.budgets} />
        </section>
      ) : null}
      <section className="card card--pad stack stack--s" aria-labelledby="usage-days">
        <div className="row wrap">
          <h2 className="card__title" id="usage-days">{t("usage.days")}</h2>
          <select className="input usage__select push" aria-label={t("usage.unit")} value={unit} onChange={(event) => setUnit(event.target.value as Unit)}>
            {units.map((one) => <option key={one} value={one}>{t(`usage.unitOf.${one}`)}</option>)}
          </select>
        </div>
        <DayChart unit={unit} values={byDay(data.days, unit, month.days)} from={month.from} />
      </section>
      <section className="stack stack--s" aria-labelledby="usage-rows">
        <div className="row wrap">
          <h2 id="usage-rows">{t(`usage.by.${organisation ? by : "model"}`)}</h2>
          {organisation ? (
            <select className="input usage__select push" aria-label={t("usage.grouping")} value={by} onChange={(event) => setBy(event.target.value as Grouping)}>
              {groupings.map((one) => <option key={one} value={one}>{t(`usage.by.${one}`)}</option>)}
            </select>
          ) : null}
        </div>
        <Rows rows={rows} label={t(`usage.by.${organisation ? by : "model"}`)} />
      </section>
    </>
  );
}

function Totals({ sum }: { sum: UsageSum }) {
  const { t, format } = useWords();
  const { input, output, cached_input: cached } = sum.tokens;
  return (
    <dl className="facts">
      <div>
        <dt>{t("usage.unitOf.requests")}</dt>
        <dd>{format.number(sum.requests)}</dd>
        {sum.errors > 0 ? <dd className="note">{t("usage.errors", { n: sum.errors })}</dd> : null}
      </div>
      <div>
        <dt>{t("usage.unitOf.tokens")}</dt>
        <dd>{format.compact(input + output)}</dd>
        <dd className="note">{t("usage.inOut", { input: format.compact(input), output: format.compact(output) })}</dd>
        {cached > 0 ? <dd className="note">{t("usage.cached", { tokens: format.compact(cached) })}</dd> : null}
      </div>
      <div><dt>{t("usage.unitOf.money")}</dt><dd>{format.euros(sum.cost)}</dd></div>
      <div><dt>{t("usage.unitOf.energy")}</dt><dd>{format.wattHours(sum.energy.wh_low, sum.energy.wh_high)}</dd></div>
    </dl>
  );
}

function Rows({ rows, label }: { rows: { id: string; sum: UsageSum }[]; label: string }) {
  const { t, format } = useWords();
  if (rows.length === 0) return <p className="muted">{t("usage.noDays")}</p>;
  return (
    <div className="card tablewrap" tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t("keys.name")}</th>
            {(["requests", "tokens", "money", "energy"] as const).map((unit) => <th scope="col" className="r" key={unit}>{t(`usage.unitOf.${unit}`)}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, sum }) => (
            <tr key={id}>
              <td className="strong">{id || t("receipt.none")}</td>
              <td className="r num nowrap">{format.number(sum.requests)}</td>
              <td className="r num nowrap">{format.compact(sum.tokens.input + sum.tokens.output)}</td>
              <td className="r num nowrap">{format.euros(sum.cost)}</td>
              <td className="r num nowrap">{format.wattHours(sum.energy.wh_low, sum.energy.wh_high)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
