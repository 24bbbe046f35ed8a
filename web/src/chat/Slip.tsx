// One dashed line under every answer: where it was made, from what, with how much energy, and how.
import { useQuery } from "@tanstack/react-query";
import { Check, Copy, RotateCw } from "lucide-react";
import { useState } from "react";
import { Link } from "wouter";
import { modelsQuery } from "@/api/queries";
import type { Citation, Message } from "@/api/types";
import { useWords } from "@/i18n";
import { PlaceDot } from "@/ui/Label";
import { Branches } from "./Branches";
import type { Controller } from "./controller";
import { useOptions } from "./OptionsContext";
import { modelAndPlace, modelName } from "./words";

export function Slip({ message, all, streaming, citations, controller, onCopy }: {
  message: Message;
  all: readonly Message[];
  last: boolean;
  streaming: boolean;
  citations: readonly Citation[];
  controller: Controller;
  onCopy: () => Promise<void>;
}) {
  const words = useWords();
  const { t, format } = words;
  const models = useQuery(modelsQuery).data?.models;
  const { options } = useOptions();
  const [copied, setCopied] = useState(false);
  // The height is there from the start, so that the end of the answer moves nothing.
  if (streaming) return <div className="slip slip--open" aria-hidden="true" />;

  const name = modelName(message, models);
  const place = message.place ?? models?.find((model) => model.id === message.model)?.place;
  const energy = message.energy;
  const copy = async () => {
    await onCopy();
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <div className="slip">
      {name && place && message.state !== "refused" ? <PlaceDot place={place}>{modelAndPlace(name, place, words)}</PlaceDot> : null}
      {message.quoting && message.quoting !== "nothing_found" && !(name && place) ? <PlaceDot place={{ kind: "walls" }}>{t("slip.noModel")}</PlaceDot> : null}
      {citations.length > 0 ? <span>{t("slip.passages", { n: citations.length })}</span> : null}
      {energy && energy.wh_high > 0 ? <span>{format.wattHours(energy.wh_low, energy.wh_high)}</span> : null}
      {message.exchange ? <Link href={`/receipt/${message.exchange}`}>{t("slip.how")}</Link> : null}
      <span className="tools">
        <Branches message={message} all={all} controller={controller} />
        {message.content ? (
          <button type="button" className="iconbtn iconbtn--small" aria-label={t("chat.copyAnswer")} title={t("action.copy")} onClick={() => void copy()}>
            {copied ? <Check className="i i--s" aria-hidden="true" /> : <Copy className="i i--s" aria-hidden="true" />}
          </button>
        ) : null}
        <button type="button" className="iconbtn iconbtn--small" aria-label={t("chat.retry")} title={t("chat.retry")} onClick={() => controller.retry(message, options)}>
          <RotateCw className="i i--s" aria-hidden="true" />
        </button>
      </span>
    </div>
  );
}
