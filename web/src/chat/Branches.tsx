import { ChevronLeft, ChevronRight } from "lucide-react";
import type { Message } from "@/api/types";
import { useWords } from "@/i18n";
import type { Controller } from "./controller";
import { siblingsOf } from "./tree";

/** ‹1/2›: the other versions of a question, the other answers to it. */
export function Branches({ message, all, controller }: { message: Message; all: readonly Message[]; controller: Controller }) {
  const { t } = useWords();
  const siblings = siblingsOf(all, message);
  if (siblings.length < 2) return null;
  const at = siblings.findIndex((one) => one.id === message.id);
  const go = (index: number) => {
    const to = siblings[index];
    if (to) controller.show(to.id);
  };
  return (
    <span className="branches" role="group" aria-label={t("branch.group")}>
      <button type="button" className="iconbtn iconbtn--small" aria-label={t("branch.previous")} disabled={at === 0} onClick={() => go(at - 1)}>
        <ChevronLeft className="i i--s" aria-hidden="true" />
      </button>
      <span className="num">
        <span className="said">{t("branch.at", { at: at + 1, of: siblings.length })}</span>
        <span aria-hidden="true">{at + 1}/{siblings.length}</span>
      </span>
      <button type="button" className="iconbtn iconbtn--small" aria-label={t("branch.next")} disabled={at === siblings.length - 1} onClick={() => go(at + 1)}>
        <ChevronRight className="i i--s" aria-hidden="true" />
      </button>
    </span>
  );
}
