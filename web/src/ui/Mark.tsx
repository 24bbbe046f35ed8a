// The mark: eight blocks around an open square. Lit in turn, it says that something works.

const blocks = [[0, 0], [8.5, 0], [17, 0], [0, 8.5], [17, 8.5], [0, 17], [8.5, 17], [17, 17]] as const;

export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      {blocks.map(([x, y]) => (
        <rect key={`${x}-${y}`} x={x} y={y} width="7" height="7" rx="1.25" fill={x === 17 && y === 0 ? "var(--brick)" : "var(--accent)"} />
      ))}
    </svg>
  );
}

const order = [0, 1, 2, 7, 8, 3, 6, 5, 4];

export function Town() {
  return (
    <span className="town" aria-hidden="true">
      {order.map((n) => <i key={n} style={{ "--n": n } as React.CSSProperties} />)}
    </span>
  );
}

// The same plan for the same name, on every device.
function seeded(name: string): number[] {
  let hash = 2166136261;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
  return blocks.map((_, index) => [0.25, 0.55, 1, 1][(hash >>> (index * 3)) & 3] ?? 1);
}

export function Plan({ name, color = "var(--accent-text)" }: { name: string; color?: string }) {
  const shades = seeded(name);
  return (
    <svg className="plan" width="36" height="36" viewBox="0 0 40 40" aria-hidden="true">
      <rect width="40" height="40" rx="7" fill="var(--sunken)" />
      <rect x=".5" y=".5" width="39" height="39" rx="6.5" fill="none" stroke="var(--line)" />
      {blocks.map(([x, y], index) => (
        <rect key={`${x}-${y}`} x={8 + x} y={8 + y} width="7" height="7" rx="1.25" opacity={shades[index]} fill={color} />
      ))}
    </svg>
  );
}
