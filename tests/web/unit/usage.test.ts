import { describe, expect, it } from "vitest";
import { Formats } from "@/i18n/format";
import { monthBack } from "@/usage/months";
import { byDay, byModel } from "@/usage/sums";

const row = (day: string, model: string, requests: number, cost: number) => ({
  day, model, requests, errors: 0, tokens: { input: 10 * requests, cached_input: 0, output: requests }, cost, energy: { wh_low: 1, wh_high: 3 },
});

describe("months of usage", () => {
  it("end today when they are not over", () => {
    expect(monthBack(0, new Date("2026-11-22T23:30:00Z"))).toEqual({ from: "2026-11-01", to: "2026-11-22", days: 30, current: true });
  });
  it("go back over the year's beginning and know February", () => {
    const now = new Date("2028-03-31T12:00:00Z");
    expect(monthBack(1, now)).toMatchObject({ from: "2028-02-01", to: "2028-02-29", current: false });
    expect(monthBack(3, now)).toMatchObject({ from: "2027-12-01", to: "2027-12-31" });
  });
});

describe("sums of usage", () => {
  const days = [row("2026-11-01", "a", 3, 0), row("2026-11-01", "b", 1, 0.5), row("2026-11-03", "a", 2, 0)];
  it("have one row a model, the dearest first", () => {
    expect(byModel(days).map(({ id, sum }) => [id, sum.requests, sum.tokens.input])).toEqual([["b", 1, 10], ["a", 5, 50]]);
  });
  it("leave days without use empty", () => {
    expect(byDay(days, "requests", 4)).toEqual([4, 0, 2, 0]);
    expect(byDay(days, "tokens", 3)).toEqual([44, 0, 22]);
    expect(byDay(days, "energy", 3)).toEqual([4, 0, 2]);
  });
});

describe("amounts", () => {
  it("are short when they are large", () => {
    const fr = new Formats("fr");
    expect(fr.compact(9_999)).toBe("9\u202f999");
    expect(fr.compact(1_463_000)).toBe("1,46\u00a0M");
    expect(fr.wattHours(1_200, 2_600)).toBe("1,2 à 2,6\u00a0kWh");
  });
});
