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

// Candidates that could answer now; the others are allowed, but too small, not ready, or the like.
const useful: readonly string[] = ["allowed", "chosen", "not_requested"];

function Refused({ message, controller, models }: Pick<Props, "message" | "controller" | "models">) {
  const { t, rich } = useWords();
  const { options, set } = useOptions();
  const error = message.error;
  const label = error?.label ?? message.label ?? "";
  const allowed = error?.candidates?.filter((one) => one.allowed && useful.includes(one.reason)).slice(0, 2) ?? [];
  const nameOf = (id: string) => models?.find((one) => one.id === id)?.name ?? id;
  const forbidden = error?.candidates?.some((one) => one.reason === "label_not_allowed_in_zone") ?? false;
  const named = message.model ?? (options.model === "auto" ? "" : options.model);
  const asked = forbidden && named ? nameOf(named) : "";
  const detail = error?.detail ?? t("refused.noModel");
  const nothingSent = t("refused.nothingSent");
  return (
    <div className="outcome outcome--refused">
      <h2><ShieldAlert className="i" aria-hidden="true" />{t("refused.title")}</h2>
      <p>
        {label && asked ? rich("refused.label", { label: <Label id={label} />, model: asked }) : detail}{" "}
        {!asked && detail.includes(nothingSent) ? null : nothingSent}
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
              controller.retry(message, { ...options, model: one.model });
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
      <h2><CircleAlert className="i" aria-hidden="true" />{t("failed.title")}</h2>
      <p>{message.error?.detail ?? t("error.unknown")} {t("failed.kept")}</p>
      {message.error?.action ? <p className="muted">{message.error.action}</p> : null}
      <p className="row wrap"><Again message={message} controller={controller} primary /></p>
      {message.exchange ? <p className="faint tiny">{t("receipt.exchange")} <span className="mono">{message.exchange}</span></p> : null}
    </div>
  );
}

function Cut({ message, controller }: Pick<Props, "message" | "controller">) {
  const { t } = useWords();
  const { options } = useOptions();
  const stopped = message.state === "stopped";
  return (
    <div className="outcome outcome--cut">
      <h2><Unplug className="i" aria-hidden="true" />{stopped ? t("cut.stopped") : t("cut.title")}</h2>
      <p>{stopped ? t("cut.stoppedText") : message.error?.detail_code === "server_restarted" ? t("cut.restarted") : message.error?.detail ? `${message.error.detail} ${t("cut.kept")}` : t("cut.kept")}</p>
      <p className="row wrap">
        <button type="button" className="btn btn--small" onClick={() => controller.continue(message, options)}>
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
  const { options, set } = useOptions();
  const [, navigate] = useLocation();
  return (
    <div className="outcome">
      <h2><SearchX className="i" aria-hidden="true" />{t("nothing.title")}</h2>
      <p>{t("nothing.text")}</p>
      <p className="row wrap">
        <button
          type="button"
          className="btn btn--small"
          onClick={() => {
            set({ collections: [], quoteOnly: false });
            controller.retry(message, { ...options, collections: [], quoteOnly: false });
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
  const { options } = useOptions();
  return (
    <button type="button" className={primary ? "btn btn--small" : "btn btn--quiet btn--small"} onClick={() => controller.retry(message, options)}>
      <RotateCw className="i i--s" aria-hidden="true" />
      {t("chat.retry")}
    </button>
  );
}
