// Usage of one month, the same for the same days: busy on working days, quiet else.

const sum = (requests, price, wh, errors = 0) => ({
  requests, errors,
  tokens: { input: requests * 1840, cached_input: requests * 310, cache_write: 0, output: requests * 260, reasoning: 0 },
  cost: requests * price,
  energy: { wh_low: requests * wh * 0.7, wh_high: requests * wh * 1.4 },
});

function total(rows) {
  const out = sum(0, 0, 0);
  for (const row of rows) {
    for (const name of ["requests", "errors", "cost"]) out[name] += row[name];
    for (const part of ["tokens", "energy"]) for (const name of Object.keys(out[part])) out[part][name] += row[part][name];
  }
  return out;
}

function daysOf({ from, to }) {
  const days = [];
  for (let at = new Date(from); at <= new Date(to); at = new Date(at.getTime() + 86_400_000)) {
    const day = at.toISOString().slice(0, 10);
    const working = at.getUTCDay() % 6 !== 0;
    const asked = working ? 12 + ((at.getUTCDate() * 7) % 11) : 2;
    days.push({ day, model: "Ministral 8B", ...sum(asked, 0, 0.3) }, { day, model: "Mistral Large", ...sum(Math.ceil(asked / 3), 0.0061, 1.9, working ? 0 : 1) });
  }
  return days;
}

const budget = (scope, unit, period, limit, spent) => ({
  scope, unit, period, limit, spent, reserved: 0, nearly_spent: spent >= limit * 0.8, begins_at: "2026-11-01T00:00:00Z", ends_at: "2026-12-01T00:00:00Z",
});

export function myUsage(url) {
  const span = { from: url.searchParams.get("from"), to: url.searchParams.get("to") };
  const days = daysOf(span);
  return { ...span, days, total: total(days), budgets: [budget("person:p1", "money", "month", 5, 4.2), budget("group:g1", "tokens", "week", 2_000_000, 640_000)], warnings: [] };
}

export function organisationUsage(url, people) {
  const own = myUsage(url);
  const by = url.searchParams.get("by") ?? "model";
  const names = by === "person" ? people.map((one) => one.name) : by === "model" ? ["Mistral Large", "Ministral 8B"] : ["Ressources humaines"];
  const usage = names.map((name, index) => ({ id: `id-${index}`, name, budgets: [], ...sum(400 - 90 * index, 0.004, 0.9) }));
  return {
    ...own, by, usage, total: total(usage), budgets: [budget("organisation", "money", "month", 900, 911.4)],
    gaps: [{ last_row_at: "2026-11-12T09:00:00Z", found_at: "2026-11-12T09:02:00Z", recovered: 214, lost: 0 }],
  };
}
