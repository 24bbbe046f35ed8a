import { useWords } from "@/i18n";
import { FormDialog } from "@/ui/overlays";
import { controlName } from "./shortcuts";

export default function ShortcutsHelp({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const rows = [
    [`${controlName} K`, t("shortcut.palette")],
    [`${controlName} ⇧ O`, t("nav.new")],
    ["#", t("collections.choose")],
    [t("key.enter"), t("shortcut.send")],
    [`⇧ ${t("key.enter")}`, t("shortcut.line")],
    ["↑", t("shortcut.editLast")],
    [t("key.escape"), t("shortcut.escape")],
    [`${controlName} .`, t("shortcut.panel")],
    ["Alt ↑ ↓", t("shortcut.messages")],
    ["1 – 9", t("shortcut.source")],
    ["C", t("shortcut.copy")],
    ["S", t("shortcut.sources")],
    ["?", t("shortcuts.title")],
  ] as const;
  return (
    <FormDialog title={t("shortcuts.title")} onClose={onClose}>
      <div className="dialog__body">
        <dl className="pairs">
          {rows.map(([keys, what]) => (
            <div className="pairs__row" key={keys}>
              <dt>{what}</dt>
              <dd><span className="kbd">{keys}</span></dd>
            </div>
          ))}
        </dl>
        <p className="small muted">{t("shortcuts.letters")}</p>
      </div>
      <footer><button type="button" className="btn btn--primary" autoFocus onClick={onClose}>{t("action.close")}</button></footer>
    </FormDialog>
  );
}
