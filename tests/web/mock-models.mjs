// Models of this machine: one that is measured, one that can be fetched, one whose source fails, one that is too large.

const model = (id, name, more) => ({
  id, name, family: id.split("-")[0], kind: "chat", licence: "Apache-2.0", languages: ["fr", "en"], context_tokens: 16384, parameters_total: [4, 4],
  download_bytes: 2_500_000_000, memory_bytes: 5_200_000_000, room: "fits", installed: false, sources: [], quality: [], ...more,
});

export function shelfModels() {
  return [
    model("e5-small", "multilingual-e5-small", {
      kind: "embedding", licence: "MIT", context_tokens: 512, parameters_total: [0.118, 0.118], download_bytes: 76_000_000, memory_bytes: 350_000_000, installed: true,
      state: "ready", measured: { measured_at: "2026-11-20T10:00:00Z", place: "the processor", embedding_tokens_per_s: 1843, wh_per_1000_tokens: 0.0123, energy_source: "RAPL" },
    }),
    model("ministral-3-8b", "Ministral 3 8B", { parameters_total: [8.4, 8.8], installed: true, state: "stopped", download_bytes: 5_200_000_000, memory_bytes: 7_800_000_000 }),
    model("qwen3-4b", "Qwen3 4B"),
    model("qwen3-8b", "Qwen3 8B", { fails: true }),
    model("gpt-oss-20b", "gpt-oss 20B", {
      parameters_total: [20.9, 20.9], download_bytes: 12_110_000_000, memory_bytes: 13_300_000_000, room: "too_large",
      quality: [{ benchmark: "MMLU", score: 85.3, source: "https://arxiv.org/abs/2508.10925" }],
    }),
  ];
}

/** One step of what runs, at each look. */
export function advance(models) {
  for (const one of models) {
    if (!one.pull || one.pull.step === "failed") continue;
    if (one.pull.step === "checking") {
      delete one.pull;
      Object.assign(one, { installed: true, state: "stopped" });
    } else if (one.fails && one.pull.done_bytes > 0) {
      const error = { status: 404, code: "not_found", title: "Introuvable", detail: "Le serveur n’a pas ce fichier.", action: "Vérifiez l’adresse de la source." };
      one.pull = { ...one.pull, step: "failed", error };
    } else {
      one.pull.total_bytes = one.download_bytes;
      one.pull.done_bytes += one.download_bytes / 2;
      if (one.pull.done_bytes > one.download_bytes) one.pull.step = "checking";
    }
  }
}
