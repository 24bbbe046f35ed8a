// How an answer ended when it did not simply end: cut short, refused by the rule, failed, nothing found.
import { CircleAlert, Play, RotateCw, SearchX, ShieldAlert, Unplug } from "lucide-react";
import { useLocation } from "wouter";
import type { Message, Model, Quoting } from "@/api/types";
import { useWords } from "@/i18n";
import { Label } from "@/ui/Label";
import { useOptions } from "./OptionsContext";
import type { Controller } from "./controller";

interface Props {
  message: Message;
  quoting: Quoting | null | undefined;
  controller: Controller;
  models: readonly Model[] | undefined;
  streaming: boolean;
}

export function Outcome({ message, quoting, controller, models, streaming }: Props) {
  if (streaming) return null;
  if (message.state === "refused") return <Refused message={message} controller={controller} models={models} />;
  if (message.state === "failed") return <Failed message={message} controller={controller} />;
  if (message.state === "interrupted" || message.state === "stopped") return <Cut message={message} controller={controller} />;
  if (quoting === "nothing_found") return <NothingFound message={message} controller={controller} />;
  return null;
}

function Refused({ message, controller, models }: Pick<Props, "message" | "controller" | "models">) {
  const { t, rich } = useWords();
  const { set } = useOptions();
  const error = message.error;
  const label = error?.label ?? message.label ?? "";
  const allowed = error?.candidates?.filter((one) => one.allowed).slice(0, 2) ?? [];
  const nameOf = (id: string) => models?.find((one) => one.id === id)?.name ?? id;
  const asked = message.model ? nameOf(message.model) : "";
  return (
    <div className="outcome outcome--refused">
      <h3><ShieldAlert className="i" aria-hidden="true" />{t("refused.title")}</h3>
      <p>
        {label && asked ? rich("refused.label", { label: <Label id={label} />, model: asked }) : (error?.detail ?? t("refused.noModel"))}{" "}
        {t("refused.nothingSent")}
      </p>
      {error?.action && allowed.length === 0 ? <p className="muted">{error.action}</p> : null}
      <p className="row wrap">
        {allowed.map((one, index) => (
          <button
            key={one.model}
            type="button"
            className={index === 0 ? "btn btn--small btn--primary" : "btn btn--small"}
            onClick={() => {
              set({ model: one.model });
              controller.retry(message, { model: one.model });
            }}
          >
            {t("refused.use", { model: nameOf(one.model) })}
          </button>
        ))}
        {allowed.length === 0 ? <Again message={message} controller={controller} /> : null}
      </p>
    </div>
  );
}

function Failed({ message, controller }: Pick<Props, "message" | "controller">) {
  const { t } = useWords();
  return (
    <div className="outcome outcome--failed">
      <h3><CircleAlert className="i" aria-hidden="true" />{t("failed.title")}</h3>
      <p>{message.error?.detail ?? t("error.unknown")} {t("failed.kept")}</p>
      {message.error?.action ? <p className="muted">{message.error.action}</p> : null}
      <p className="row wrap"><Again message={message} controller={controller} primary /></p>
      {message.exchange ? <p className="faint tiny">{t("receipt.exchange")} <span className="mono">{message.exchange}</span></p> : null}
    </div>
  );
}

function Cut({ message, controller }: Pick<Props, "message" | "controller">) {
  const { t } = useWords();
  const stopped = message.state === "stopped";
  return (
    <div className="outcome outcome--cut">
      <h3><Unplug className="i" aria-hidden="true" />{stopped ? t("cut.stopped") : t("cut.title")}</h3>
      <p>{stopped ? t("cut.stoppedText") : message.error?.detail ? `${message.error.detail} ${t("cut.kept")}` : t("cut.text")}</p>
      <p className="row wrap">
        <button type="button" className="btn btn--small" onClick={() => controller.continue(message)}>
          <Play className="i i--s" aria-hidden="true" />
          {t("cut.continue")}
        </button>
        <Again message={message} controller={controller} />
      </p>
    </div>
  );
}

function NothingFound({ message, controller }: Pick<Props, "message" | "controller">) {
  const { t } = useWords();
  const { set } = useOptions();
  const [, navigate] = useLocation();
  return (
    <div className="outcome">
      <h3><SearchX className="i" aria-hidden="true" />{t("nothing.title")}</h3>
      <p>{t("nothing.text")}</p>
      <p className="row wrap">
        <button
          type="button"
          className="btn btn--small"
          onClick={() => {
            set({ collections: [], quoteOnly: false });
            controller.retry(message, { collections: [], quoteOnly: false });
          }}
        >
          {t("nothing.without")}
        </button>
        <button type="button" className="btn btn--quiet btn--small" onClick={() => navigate("/documents")}>{t("nothing.documents")}</button>
      </p>
    </div>
  );
}

function Again({ message, controller, primary = false }: { message: Message; controller: Controller; primary?: boolean }) {
  const { t } = useWords();
  return (
    <button type="button" className={primary ? "btn btn--small" : "btn btn--quiet btn--small"} onClick={() => controller.retry(message)}>
      <RotateCw className="i i--s" aria-hidden="true" />
      {t("chat.retry")}
    </button>
  );
}
