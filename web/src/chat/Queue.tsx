import { Clock, X } from "lucide-react";
import { useWords } from "@/i18n";
import type { Controller, Waiting } from "./controller";

/** Questions that wait for the answer being written. */
export function Queue({ waiting, running, controller }: { waiting: readonly Waiting[]; running: boolean; controller: Controller }) {
  const { t } = useWords();
  return (
    <ul className="queue" aria-label={t("queue.title")}>
      {waiting.map((one, index) => (
        <li key={one.id}>
          <Clock className="i i--s" aria-hidden="true" />
          <span className="cut">{one.content}</span>
          <span className="row push row--tight">
            {!running && index === 0 ? (
              <button type="button" className="btn btn--quiet btn--small" onClick={() => controller.sendNext()}>{t("queue.send")}</button>
            ) : null}
            <button type="button" className="iconbtn iconbtn--small" aria-label={t("queue.remove", { text: one.content.slice(0, 60) })} onClick={() => controller.removeFromQueue(one.id)}>
              <X className="i i--s" aria-hidden="true" />
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
