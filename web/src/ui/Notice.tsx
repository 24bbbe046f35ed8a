import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const icons = { info: Info, ok: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

/** `bad` interrupts a screen reader: only for what was lost or not sent. */
export function Notice({ kind = "info", children, action }: { kind?: keyof typeof icons; children: ReactNode; action?: ReactNode }) {
  const Icon = icons[kind];
  return (
    <div className={kind === "info" ? "notice" : `notice notice--${kind}`} role={kind === "bad" ? "alert" : undefined}>
      <Icon className="i" aria-hidden="true" />
      <div className="notice__text">{children}</div>
      {action ? <div className="row wrap">{action}</div> : null}
    </div>
  );
}
