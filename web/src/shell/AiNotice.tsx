// Said once, before the first question: an AI answers here, and it can be wrong (AI Act, article 50).
import { useMutation } from "@tanstack/react-query";
import { request } from "@/api/http";
import { useWords } from "@/i18n";
import { FormDialog } from "@/ui/lazy-overlays";
import { update, useSession } from "./session";

export function AiNotice() {
  const { t } = useWords();
  const session = useSession();
  const seen = useMutation({
    mutationFn: () => request("/api/me", { method: "PATCH", body: { notice_seen: true } }),
    onMutate: () => update({ ...session, notice_seen: true }),
  });
  if (session.notice_seen !== false) return null;
  return (
    <FormDialog title={t("notice.title")} onClose={() => seen.mutate()}>
      <div className="stack stack--s">
        <p>{t("notice.ai")}</p>
        <p>{t("notice.check")}</p>
        <p className="muted">{t("notice.walls")}</p>
      </div>
      <footer>
        <button type="button" className="btn btn--primary" autoFocus onClick={() => seen.mutate()}>{t("notice.ok")}</button>
      </footer>
    </FormDialog>
  );
}
