import { useWords } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { explain } from "@/ui/problem";
import type { Controller, Failure } from "./controller";
import { Reconnecting } from "./Reconnecting";

/** A question that was not sent: it is kept, and this is what happens next. */
export function SendFailure({ failure, controller }: { failure: Failure; controller: Controller }) {
  const words = useWords();
  const { t } = words;
  const now = <button type="button" className="btn btn--small" onClick={() => controller.retryNow()}>{t("action.retry")}</button>;
  if (failure.retryAt !== null) return <div className="foot__notice"><Reconnecting at={failure.retryAt} kept={t("error.textKept")} action={now} /></div>;
  const problem = failure.problem ? explain(failure.problem, words) : null;
  return (
    <div className="foot__notice">
      <Notice kind="bad" action={<button type="button" className="btn btn--small" onClick={() => controller.dismissFailure()}>{t("action.close")}</button>}>
        <p><strong>{problem?.title ?? t("error.unreachable")}</strong> {problem?.action ?? ""} {t("error.textKept")}</p>
      </Notice>
    </div>
  );
}
