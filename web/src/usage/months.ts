// Months as the usage log counts them: days in UTC, a month from its first day to its last.

/** `2026-11-22` in UTC. */
const day = (at: Date): string => at.toISOString().slice(0, 10);

export interface Month {
  from: string;
  to: string;
  /** Days of the whole month; the ones to come are empty. */
  days: number;
  current: boolean;
}

/** `back` months before the one of `now`. */
export function monthBack(back: number, now: Date = new Date()): Month {
  const year = now.getUTCFullYear();
  const month = now.getUTCMonth() - back;
  const last = new Date(Date.UTC(year, month + 1, 0));
  return { from: day(new Date(Date.UTC(year, month, 1))), to: day(back === 0 ? now : last), days: last.getUTCDate(), current: back === 0 };
}
