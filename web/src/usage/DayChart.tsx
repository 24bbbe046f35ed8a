// A bar a day. What it shows is said in one sentence, and stands in the table of models beside it.
import { useWords } from "@/i18n";
import type { Unit } from "./sums";

const width = 760;
const height = 200;
const left = 64;
const floor = 172;

export function DayChart({ unit, values, from }: { unit: Unit; values: number[]; from: string }) {
  const { t, format } = useWords();
  const most = Math.max(...values);
  const step = (width - left) / values.length;
  const shown = (value: number) => format.amount(unit, value);
  const dayAt = (index: number) => new Date(new Date(from).getTime() + index * 86_400_000).toISOString();
  // Half of three requests is no number of requests.
  const lines = Number.isInteger(most) && most < 10 && most % 2 === 1 ? [0, 1] : [0, 0.5, 1];
  const busiest = values.indexOf(most);
  if (most <= 0) return <p className="muted">{t("usage.noDays")}</p>;
  return (
    <svg className="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={t("usage.chartSaid", { most: shown(most), day: format.dayMonth(dayAt(busiest)) })}>
      {lines.map((part) => {
        const y = floor - part * (floor - 16);
        return (
          <g key={part}>
            <line x1={left} x2={width} y1={y} y2={y} stroke="var(--line)" />
            <text x={left - 8} y={y + 4} textAnchor="end">{shown(most * part)}</text>
          </g>
        );
      })}
      {values.map((value, index) => {
        const tall = (value / most) * (floor - 16);
        return value > 0 ? <rect key={index} x={left + index * step + step * 0.12} y={floor - Math.max(tall, 1.5)} width={step * 0.76} height={Math.max(tall, 1.5)} rx={1} fill="var(--accent)" /> : null;
      })}
      {values.map((_, index) => (index % 7 === 0 ? <text className="x" key={index} x={left + (index + 0.5) * step} y={height - 6} textAnchor="middle">{format.dayMonth(dayAt(index))}</text> : null))}
    </svg>
  );
}
