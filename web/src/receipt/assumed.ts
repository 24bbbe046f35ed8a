// What the estimate of the energy assumed (src/footprint/footprint.cc says it in English), in the person's language.
import type { Words } from "@/i18n";

const sentences = [
  [/^There are no figures for the electricity of (.+): every country that has some counts\.$/, "assumed.mix", ["countries"]],
  [/^A machine of the organisation: PUE ([\d.]+) to ([\d.]+); between a shared data-centre GPU and a whole server of (\d+) W for as long as the answer took\.$/, "assumed.ownMachine", ["low", "high", "watts"]],
  [/^A machine of the organisation: PUE ([\d.]+) to ([\d.]+); its energy as (.+) counted it while the answer was computed, shared with others by their tokens; what else ran there then is in it\.$/, "assumed.measured", ["low", "high", "counters"]],
  [/^A data centre that is not known: PUE ([\d.]+) to ([\d.]+)\.$/, "assumed.centre", ["low", "high"]],
  [/^The size of the model is not known: ([\d.]+) to ([\d.]+) billion parameters, ([\d.]+) to ([\d.]+) of them active\.$/, "assumed.size", ["low", "high", "activeLow", "activeHigh"]],
  [/^Nothing was generated; reading the prompt is not counted\.$/, "assumed.nothing", []],
] as const;

/** A sentence that is not known stays as it is. */
export function assumption(sentence: string, { t, language }: Words): string {
  for (const [pattern, key, names] of sentences) {
    const match = pattern.exec(sentence);
    if (!match) continue;
    const values: Record<string, string> = {};
    names.forEach((name: string, index: number) => {
      const value = match[index + 1] ?? "";
      values[name] = language === "fr" && name !== "countries" && name !== "counters" ? value.replace(".", ",") : value;
    });
    return t(key, values as never);
  }
  return sentence;
}
