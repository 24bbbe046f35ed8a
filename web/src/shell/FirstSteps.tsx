// After the administrator: what stands ready on this machine, and a first collection to try it with.
import { useMutation, useQuery } from "@tanstack/react-query";
import { ArrowRight, Check, CircleX, Clock, Library } from "lucide-react";
import { useLocation } from "wouter";
import { request } from "@/api/http";
import { client, collectionQuery, modelsQuery, sampleQuery } from "@/api/queries";
import { writeDraft } from "@/chat/draft";
import { useWords } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { explain } from "@/ui/problem";
import { PlaceDot } from "@/ui/Label";
import { Town } from "@/ui/Mark";
import { PageTitle } from "./page";
import { Steps } from "./Steps";
import { Wall } from "./Wall";

export default function FirstSteps() {
  const words = useWords();
  const { t, language } = words;
  const [, navigate] = useLocation();
  const models = useQuery(modelsQuery).data?.models;
  const sample = useQuery(sampleQuery).data;
  const load = useMutation({
    mutationFn: () => request("/api/sample", { method: "POST" }),
    onSettled: () => void client.invalidateQueries({ queryKey: sampleQuery.queryKey }),
  });
  const loading = sample?.state === "loading" || load.isPending;
  const read = useQuery({ ...collectionQuery(sample?.collection ?? ""), enabled: loading && Boolean(sample?.collection), refetchInterval: 1_000 }).data;
  const questions = sample?.questions.filter((one) => one.language === language) ?? [];
  const ready = sample?.state === "ready";
  const problem = load.error ? explain(load.error, words) : null;
  return (
    <div className="first">
      <Wall><Steps at={2} /></Wall>
      <main className="first__main" id="main">
        <div className="first__form">
          <div className="stack stack--s">
            <p className="muted small">{t("setup.step", { at: 2, of: 2 })}</p>
            <PageTitle title={t("steps.title")}>{t("steps.title")}</PageTitle>
            <p className="muted">{t("steps.text")}</p>
          </div>
          <section className="card card--pad stack stack--s" aria-labelledby="first-models">
            <h2 className="card__title" id="first-models">{t("steps.models")}</h2>
            {models && models.length === 0 ? <p className="muted">{t("steps.noModel")}</p> : null}
            <ul className="stack stack--s">
              {models?.map((model) => (
                <li className="row wrap" key={model.id}>
                  <span className="strong">{model.name}</span>
                  <span className="small muted"><PlaceDot place={model.place} /></span>
                  <span className={`row row--tight small push ${model.state === "ready" ? "ok" : model.state === "failed" || model.state === "missing" ? "bad" : "muted"}`}>
                    {model.state === "ready" ? <Check className="i i--s" aria-hidden="true" /> : model.state === "loading" ? <Town /> : model.state === "stopped" ? <Clock className="i i--s" aria-hidden="true" /> : <CircleX className="i i--s" aria-hidden="true" />}
                    {t(`model.${model.state}`)}
                  </span>
                  {model.state === "missing" ? <p className="small muted first__detail">{t("steps.missing", { id: model.id })}</p> : null}
                  {model.state === "failed" && model.state_detail ? <p className="small muted first__detail">{model.state_detail}</p> : null}
                </li>
              ))}
            </ul>
          </section>
          <section className="card card--pad stack stack--s" aria-labelledby="first-sample">
            <h2 className="card__title" id="first-sample">{ready ? t("steps.try") : t("sample.title")}</h2>
            {ready ? (
              <ul className="stack stack--s">
                {questions.map((question) => (
                  <li key={question.text}>
                    <button type="button" className="source" onClick={() => {
                      writeDraft("new", question.text);
                      navigate(sample.collection ? `/?collection=${sample.collection}` : "/");
                    }}>
                      <ArrowRight className="i" aria-hidden="true" />
                      <span className="strong">{question.text}</span>
                    </button>
                  </li>
                ))}
              </ul>
            ) : (
              <>
                <p className="muted">{t("sample.text")}</p>
                {problem ? <Notice kind="bad"><p><strong>{problem.title}</strong> {problem.action}</p></Notice> : null}
                <p className="row wrap">
                  <button type="button" className="btn btn--primary btn--large" disabled={loading} aria-busy={loading} onClick={() => load.mutate()}>
                    {loading ? <Town /> : <Library className="i" aria-hidden="true" />}
                    {loading ? t("sample.loading") : t("sample.load")}
                  </button>
                  {loading && read && read.documents > 0 ? <span className="muted num">{t("sample.read", { n: read.ready, of: read.documents })}</span> : null}
                </p>
              </>
            )}
            <p className="said" role="status">{loading ? t("sample.loading") : ready ? t("steps.try") : ""}</p>
          </section>
          <p className="row wrap"><button type="button" className={ready ? "btn btn--large" : "btn btn--large btn--quiet"} onClick={() => navigate("/")}>{ready ? t("steps.home") : t("steps.skip")}</button></p>
        </div>
      </main>
    </div>
  );
}
