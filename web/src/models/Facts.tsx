// What is known of a model, each with where it comes from.
import type { Measured, ShelfModel } from "@/api/types";
import { useWords } from "@/i18n";
import type { Words } from "@/i18n";

function billions(parameters: [number, number], { format }: Words): string {
  const [low, high] = parameters.map((each) => format.number(each, each < 1 ? 2 : 1));
  return low === high ? String(low) : `${low}–${high}`;
}

/** "the processor" is the server's word; names of GPUs stay as they are. */
function place(measured: Measured, { t }: Words): string {
  return measured.place === "the processor" ? t("models.processor") : measured.place;
}

function speed(measured: Measured, words: Words): string {
  const { t, format } = words;
  if (measured.embedding_tokens_per_s) return t("models.speedEmbedding", { n: format.number(measured.embedding_tokens_per_s) });
  return t("models.speed", {
    one: format.number(measured.one_answer_tokens_per_s ?? 0, 1), eight: format.number(measured.eight_answers_tokens_per_s ?? 0, 1), prompt: format.number(measured.prompt_tokens_per_s ?? 0),
  });
}

function Here({ model }: { model: ShelfModel }) {
  const words = useWords();
  const { t, format } = words;
  const { measured } = model;
  if (!measured) return <>{t("models.notMeasured")} <code className="mono">bastide model bench {model.id}</code></>;
  const energy = measured.wh_per_1000_tokens;
  return (
    <>
      {speed(measured, words)}
      <span className="note">
        {energy ? `${t("models.energy", { energy: format.wattHours(energy, energy), counter: measured.energy_source ?? "" })} ` : ""}
        {t("models.measuredBy", { place: place(measured, words), day: format.day(measured.measured_at) })}
      </span>
    </>
  );
}

export function Facts({ model }: { model: ShelfModel }) {
  const words = useWords();
  const { t, format } = words;
  const size = model.parameters_total ? `${t("models.billions", { n: billions(model.parameters_total, words) })}, ` : "";
  return (
    <dl className="model__facts">
      <div><dt>{t("models.family")}</dt><dd>{model.family || t("receipt.none")}</dd></div>
      <div><dt>{t("models.licence")}</dt><dd>{model.licence || t("models.unknown")}</dd></div>
      <div><dt>{t("models.size")}</dt><dd>{size}{format.bytes(model.download_bytes)}</dd></div>
      {model.reads_images ? <div><dt>{t("models.images")}</dt><dd>{t("models.imagesRead")}</dd></div> : null}
      <div><dt>{t("models.context")}</dt><dd>{t("models.tokens", { n: model.context_tokens })}</dd></div>
      <div><dt>{t("models.languages")}</dt><dd>{model.languages.length > 0 ? format.languages(model.languages) : t("models.unknown")}</dd></div>
      <div>
        <dt>{t("models.needs")}</dt>
        <dd>
          {model.memory_bytes ? format.bytes(model.memory_bytes) : t("models.unknown")}
          {model.installed || model.room === "unknown" ? null : <span className={model.room === "fits" ? "note" : "note model__large"}>{t(`models.room.${model.room}`)}</span>}
        </dd>
      </div>
      {model.installed ? <div className="model__wide"><dt>{t("models.measured")}</dt><dd><Here model={model} /></dd></div> : null}
      {model.quality.length > 0 ? (
        <div className="model__wide">
          <dt>{t("models.quality")}</dt>
          {model.quality.map(({ benchmark, score, source }) => (
            <dd key={benchmark}>{benchmark}{words.language === "fr" ? "\u00a0: " : ": "}{format.number(score, 3)} (<a href={source} rel="noreferrer" target="_blank">{t("models.source")}<span className="said"> {benchmark}, {t("models.newTab")}</span></a>)</dd>
          ))}
        </div>
      ) : null}
    </dl>
  );
}
