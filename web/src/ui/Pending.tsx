import { useEffect, useState } from "react";
import type { ReactNode } from "react";

/** Under 100 ms nothing is shown: what is quick should not flash. */
export function Later({ children, afterMs = 100 }: { children: ReactNode; afterMs?: number }) {
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setShown(true), afterMs);
    return () => window.clearTimeout(timer);
  }, [afterMs]);
  return shown ? children : null;
}

export function Skeleton({ lines = 3 }: { lines?: number }) {
  return (
    <Later>
      <div className="stack stack--s" aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => (
          <span key={index} className="skeleton" style={{ width: ["40%", "100%", "82%", "64%"][index % 4] }} />
        ))}
      </div>
    </Later>
  );
}
