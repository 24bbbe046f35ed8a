import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { useWords } from "@/i18n";
import { Notice } from "@/ui/Notice";

/** The server is away: what is safe, and when it is tried again. */
export function Reconnecting({ at, kept, action }: { at: number; kept: string; action?: ReactNode }) {
  const { t } = useWords();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1_000);
    return () => window.clearInterval(timer);
  }, []);
  const seconds = Math.max(1, Math.ceil((at - now) / 1_000));
  return (
    <Notice kind="bad" action={action}>
      <p>
        <strong>{t("error.unreachable")}</strong> {kept}{" "}
        {/* The count is not read out second by second. */}
        <span aria-hidden="true">{t("error.again", { n: seconds })}</span>
      </p>
    </Notice>
  );
}
