/** How far something is, 0 to 1; null: it goes on, nobody knows how far. */
export function Progress({ label, value }: { label: string; value: number | null }) {
  // Screen readers are told at each quarter, not at each percent.
  const quarter = value === null ? undefined : Math.floor(value * 4) * 25;
  return (
    <span className="progress" role="progressbar" aria-label={label} aria-valuenow={quarter} aria-valuemin={0} aria-valuemax={100} data-unknown={value === null ? "" : undefined}>
      <i style={value === null ? undefined : ({ "--v": `${Math.round(value * 100)}%` } as React.CSSProperties)} />
    </span>
  );
}
