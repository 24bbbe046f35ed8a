// What somebody is told until it is read: budgets that are nearly spent. Said to screen readers once, when it comes.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { Link } from "wouter";
import { request } from "@/api/http";
import { client, noticesQuery } from "@/api/queries";
import type { BudgetNotice } from "@/api/types";
import { useWords } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { ownerOf } from "@/usage/owners";
import { announce } from "./status";

export function Notices() {
  const { t, format } = useWords();
  const notices = useQuery(noticesQuery).data?.notices;
  const told = useRef(new Set<string>());
  const read = useMutation({
    mutationFn: (id: string) => request(`/api/notices/${id}/read`, { method: "POST" }),
    onMutate: (id) =>
      client.setQueryData(noticesQuery.queryKey, (before) => before && { notices: before.notices.filter((one) => one.id !== id) }),
    onError: () => client.invalidateQueries({ queryKey: noticesQuery.queryKey }),
  });

  const textOf = (notice: BudgetNotice) => {
    const budget = t(`usage.budgetOf.${ownerOf(notice.scope)}`);
    return t("notices.budget", {
      budget: notice.name ? t("notices.named", { budget, name: notice.name }) : budget,
      period: t(`usage.period.${notice.period}`),
      share: format.percent(notice.limit > 0 ? notice.spent / notice.limit : 1),
    });
  };

  useEffect(() => {
    const fresh = notices?.filter((one) => !told.current.has(one.id)) ?? [];
    for (const one of fresh) told.current.add(one.id);
    if (fresh.length > 0) announce(fresh.map(textOf).join(" "));
    // The words of a notice do not change while it stays.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [notices]);

  if (!notices?.length) return null;
  return (
    <section className="app__notices" aria-label={t("notices.title")}>
      {notices.map((notice) => (
        <Notice
          key={notice.id}
          kind="warn"
          action={
            <>
              <Link className="btn btn--small" href="/usage">{t("notices.see")}</Link>
              <button type="button" className="btn btn--small" onClick={() => read.mutate(notice.id)}>{t("notices.read")}</button>
            </>
          }
        >
          {textOf(notice)}
        </Notice>
      ))}
    </section>
  );
}
