// The outer ground of the first screens: the name, what Bastide is, and the plan of a bastide.
import type { ReactNode } from "react";
import { useWords } from "@/i18n";
import { Mark } from "@/ui/Mark";

// Houses of the plan: x, y, width, height, shade in hundredths.
const houses = (
  "0,0,44,36,26 52,0,44,18,24 52,20,44,16,20 104,0,58,20,24 104,22,58,14,20 170,0,44,13,12 170,15,44,21,13 222,0,44,11,15 " +
  "222,13,44,23,15 274,0,44,36,20 0,44,44,21,12 0,67,44,13,13 52,44,44,11,31 52,57,44,23,25 104,44,58,13,26 104,59,58,21,22 " +
  "170,44,44,36,33 222,44,44,36,31 274,44,44,19,11 274,65,44,15,12 0,88,44,30,32 0,120,44,22,25 52,88,44,54,29 " +
  "222,88,44,54,19 274,88,44,54,27 0,150,44,14,18 0,166,44,20,17 52,150,44,13,33 52,165,44,21,26 222,150,44,15,22 " +
  "222,167,44,19,19 274,150,44,17,18 274,169,44,17,17 0,194,44,17,19 0,213,44,17,18 52,194,44,13,20 52,209,44,21,18 " +
  "104,194,58,16,12 104,212,58,18,13 170,194,44,36,22 222,194,44,36,22 274,194,44,36,30 0,238,44,17,13 0,257,44,17,14 " +
  "52,238,44,13,26 52,253,44,21,22 104,238,58,36,22 170,238,44,13,26 170,253,44,21,22 222,238,44,11,15 222,251,44,23,15 " +
  "274,238,44,19,17 274,259,44,15,16 "
)
  .trim()
  .split(" ")
  .map((house) => house.split(",").map(Number));

export function Wall({ children }: { children?: ReactNode }) {
  const { t } = useWords();
  return (
    <header className="first__wall">
      <p className="brand brand--large"><Mark />Bastide</p>
      <div className="stack stack--s wide-only">
        <p className="first__motto">{t("door.motto")}</p>
      </div>
      {children}
      <svg className="first__plan" viewBox="-26 -26 370 326" aria-hidden="true">
        <path d="M-20 -20H146M172 -20H338V124M338 150V294H172M146 294H-20V150M-20 124V-20" fill="none" stroke="var(--accent)" strokeWidth="5" strokeLinecap="square" />
        {houses.map(([x, y, width, height, shade]) => (
          <rect key={`${x}-${y}`} x={x} y={y} width={width} height={height} rx="2" fill="var(--accent)" opacity={(shade ?? 0) / 100} />
        ))}
        <rect x="104" y="88" width="110" height="98" rx="3" fill="var(--surface)" stroke="var(--line-strong)" />
        <rect x="150" y="128" width="18" height="18" rx="3" fill="var(--brick)" />
      </svg>
    </header>
  );
}
