// The models of this machine, for administrators: what is here, what could be, what each was measured to do.
import { useMutation, useQuery } from "@tanstack/react-query";
import { Download, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { request } from "@/api/http";
import { client, modelsQuery, shelfQuery } from "@/api/queries";
import type { Shelf, ShelfModel } from "@/api/types";
import { useWords } from "@/i18n";
import { Page, PageTitle } from "@/shell/page";
import { toast } from "@/shell/status";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Pending";
import { explain } from "@/ui/problem";
import { Progress } from "@/ui/Progress";
import { Facts } from "./Facts";

export default function ModelsScreen() {
  const words = useWords();
  const { t } = words;
  const { data, error } = useQuery(shelfQuery);
  const problem = error ? explain(error, words) : null;
  useArrivals(data);
  const here = data?.models.filter((model) => model.installed) ?? [];
  const others = data?.models.filter((model) => !model.installed) ?? [];
  return (
    <Page>
      <div className="page__head"><div><PageTitle title={t("nav.models")}>{t("nav.models")}</PageTitle></div></div>
      {problem ? <Notice kind="bad"><p><strong>{problem.title}</strong> {problem.action}</p></Notice> : null}
      {data ? (
        <>
          <Free machine={data.machine} />
          <section className="stack stack--s" aria-labelledby="models-here">
            <h2 id="models-here">{t("models.here")}</h2>
            {here.length > 0 ? <Models models={here} /> : <p className="muted">{t("models.none")}</p>}
          </section>
          <section className="stack stack--s" aria-labelledby="models-others">
            <h2 id="models-others">{t("models.others")}</h2>
            <p className="muted">{t("models.othersNote")}</p>
            <Models models={others} />
          </section>
        </>
      ) : problem ? null : <Skeleton lines={6} />}
    </Page>
  );
}

/** Says it when a model that was being fetched is there, or failed, wherever one looks. */
function useArrivals(shelf: Shelf | undefined): void {
  const { t } = useWords();
  const running = useRef(new Set<string>());
  useEffect(() => {
    if (!shelf) return;
    for (const { id, name, installed, pull } of shelf.models) {
      if (pull && pull.step !== "failed") {
        running.current.add(id);
      } else if (running.current.delete(id)) {
        if (pull) toast(t("models.failed", { name }));
        else if (installed) {
          toast(t("models.arrived", { name }));
          void client.invalidateQueries({ queryKey: modelsQuery.queryKey });
        }
      }
    }
  }, [shelf, t]);
}

function Free({ machine }: { machine: Shelf["machine"] }) {
  const { t, format } = useWords();
  const parts = [t("models.memory", { size: format.bytes(machine.memory_bytes) }), ...machine.gpus.map((gpu) => t("models.onGpu", { size: format.bytes(gpu.free_bytes), name: gpu.name }))];
  return <p className="muted">{t("models.free", { parts: format.list(parts) })}</p>;
}

function Models({ models }: { models: ShelfModel[] }) {
  return (
    <ul className="card files">
      {models.map((model) => <li key={model.id}><Model model={model} /></li>)}
    </ul>
  );
}

function Model({ model }: { model: ShelfModel }) {
  const words = useWords();
  const { t } = words;
  const { id, name, pull } = model;
  const refresh = () => client.invalidateQueries({ queryKey: shelfQuery.queryKey });
  const change = useMutation({
    mutationFn: (method: "POST" | "DELETE") => request(`/api/admin/models/${id}/pull`, { method }),
    onError: (error) => {
      const { title, action } = explain(error, words);
      toast(`${title} ${action ?? ""}`);
    },
    onSettled: refresh,
  });
  const running = pull !== undefined && pull.step !== "failed";
  const failure = pull?.error;
  return (
    <article className="model" aria-labelledby={`model-${id}`}>
      <div className="model__head">
        <h3 id={`model-${id}`}>{name}</h3>
        <span className="tag">{t(`models.kind.${model.kind}`)}</span>
        {model.installed && model.state ? <span className={model.state === "failed" || model.state === "missing" ? "tag tag--warn" : "tag"}>{t(`model.${model.state}`)}</span> : null}
        {!model.installed || running ? (
          // One button that changes keeps the focus.
          <button type="button" className="btn btn--small push" aria-busy={change.isPending} onClick={() => change.mutate(running ? "DELETE" : "POST")}>
            {running ? <X className="i i--s" aria-hidden="true" /> : <Download className="i i--s" aria-hidden="true" />}
            <span>{running ? t("action.cancel") : failure ? t("action.retry") : t("models.fetch")}<span className="said"> {name}</span></span>
          </button>
        ) : null}
      </div>
      {pull && running ? <Fetching name={name} pull={pull} /> : null}
      {failure ? <p className="model__failure"><strong>{failure.detail ?? failure.title}</strong> {failure.action}</p> : null}
      {model.state_detail && (model.state === "failed" || model.state === "missing") ? <p className="small">{model.state_detail}</p> : null}
      <Facts model={model} />
    </article>
  );
}

function Fetching({ name, pull }: { name: string; pull: NonNullable<ShelfModel["pull"]> }) {
  const { t, format } = useWords();
  const known = pull.step === "fetching" && pull.total_bytes > 0;
  const done = Math.min(pull.done_bytes, pull.total_bytes);
  return (
    <div className="model__pull">
      <Progress label={t("models.fetching", { name })} value={known ? done / pull.total_bytes : null} />
      <span className="small muted num">
        {pull.step === "checking" ? t("models.checking") : known ? t("models.of", { done: format.bytes(done), total: format.bytes(pull.total_bytes) }) : t("models.starting")}
      </span>
    </div>
  );
}
