// What rows of usage come to.
import type { UsageDay, UsageSum } from "@/api/types";

export const units = ["money", "tokens", "requests", "energy"] as const;
export type Unit = (typeof units)[number];

export function amountOf(unit: Unit, sum: UsageSum): number {
  if (unit === "money") return sum.cost;
  if (unit === "tokens") return sum.tokens.input + sum.tokens.output;
  if (unit === "requests") return sum.requests;
  return (sum.energy.wh_low + sum.energy.wh_high) / 2;
}

function add(a: UsageSum, b: UsageSum): UsageSum {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    tokens: {
      input: a.tokens.input + b.tokens.input,
      cached_input: a.tokens.cached_input + b.tokens.cached_input,
      output: a.tokens.output + b.tokens.output,
    },
    cost: a.cost + b.cost,
    energy: { wh_low: a.energy.wh_low + b.energy.wh_low, wh_high: a.energy.wh_high + b.energy.wh_high },
  };
}

/** One row a model, the dearest first, then the most asked. */
export function byModel(days: UsageDay[]): { id: string; sum: UsageSum }[] {
  const rows = new Map<string, UsageSum>();
  for (const { model, day: _, ...sum } of days) {
    const before = rows.get(model);
    rows.set(model, before ? add(before, sum) : sum);
  }
  return [...rows].map(([id, sum]) => ({ id, sum })).sort((a, b) => b.sum.cost - a.sum.cost || b.sum.requests - a.sum.requests);
}

/** The amount of each day of the month, the first day first. */
export function byDay(days: UsageDay[], unit: Unit, length: number): number[] {
  const out = new Array<number>(length).fill(0);
  for (const row of days) {
    const at = Number(row.day.slice(8, 10)) - 1;
    if (at >= 0 && at < length) out[at] = (out[at] ?? 0) + amountOf(unit, row);
  }
  return out;
}
