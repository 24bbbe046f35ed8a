import { Link } from "wouter";
import { useWords } from "@/i18n";
import { Mark } from "@/ui/Mark";
import { PageTitle, RailButton, Square } from "./page";

/** Also what a person sees of what they may not read: the same words for both. */
export function NotFound() {
  const { t } = useWords();
  return (
    <Square>
      <div className="bar bar--open"><RailButton /></div>
      <div className="empty">
        <Mark size={40} />
        <PageTitle title={t("missing.title")}>{t("missing.title")}</PageTitle>
        <p>{t("missing.text")}</p>
        <Link className="btn btn--primary" href="/">{t("missing.home")}</Link>
      </div>
    </Square>
  );
}
