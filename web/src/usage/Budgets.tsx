// What may still be spent: a line a budget, with what is left and when it begins anew.
import type { Budget } from "@/api/types";
import { useWords } from "@/i18n";
import { ownerOf } from "./owners";

export function Budgets({ budgets }: { budgets: Budget[] }) {
  const { t, format } = useWords();
  return (
    <ul className="budgets">
      {budgets.map((budget) => {
        const used = budget.limit > 0 ? budget.spent / budget.limit : 1;
        const over = used >= 1;
        const level = over ? "meter meter--bad" : budget.nearly_spent ? "meter meter--warn" : "meter";
        const left = Math.max(0, budget.limit - budget.spent - budget.reserved);
        return (
          <li key={`${budget.scope} ${budget.unit} ${budget.period}`}>
            <p className="row wrap">
              <span className="strong">{t(`usage.budgetOf.${ownerOf(budget.scope)}`)}, {t(`usage.period.${budget.period}`)}</span>
              {budget.unit === "tokens" || budget.unit === "requests" ? <span className="muted">{t(`usage.unitOf.${budget.unit}`)}</span> : null}
              {over ? <span className="tag tag--bad">{t("usage.spent")}</span> : budget.nearly_spent ? <span className="tag tag--warn">{t("usage.nearly")}</span> : null}
              <span className="push num">{t("usage.spentOf", { spent: format.amount(budget.unit, budget.spent), limit: format.amount(budget.unit, budget.limit) })}</span>
            </p>
            <span className={level} aria-hidden="true"><i style={{ "--v": `${Math.min(100, Math.round(used * 100))}%` } as React.CSSProperties} /></span>
            <p className="small muted">{t("usage.left", { left: format.amount(budget.unit, left), day: format.date(budget.ends_at) })}</p>
          </li>
        );
      })}
    </ul>
  );
}
