import { Check } from "lucide-react";
import { useWords } from "@/i18n";

export function Steps({ at }: { at: 1 | 2 }) {
  const { t } = useWords();
  return (
    <ol className="steps">
      {([1, 2] as const).map((step) => (
        <li key={step} aria-current={step === at ? "step" : undefined}>
          <span className="walk__n" data-key={step <= at ? "" : undefined}>{step < at ? <Check className="i i--s" aria-hidden="true" /> : step}</span>
          <span>{step === 1 ? t("setup.stepAdmin") : t("setup.stepDocuments")}</span>
        </li>
      ))}
    </ol>
  );
}
