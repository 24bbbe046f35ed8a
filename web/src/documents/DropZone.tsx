import { FileUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useWords } from "@/i18n";
import { filesOf, upload } from "./uploads";

/** Takes files dropped anywhere on the page, or chosen with the button. */
export function DropZone({ collection, browse }: { collection: string; browse: React.RefObject<HTMLInputElement | null> }) {
  const { t } = useWords();
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  useEffect(() => {
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const enter = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      depth.current += 1;
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      depth.current = Math.max(0, depth.current - 1);
      if (depth.current === 0) setOver(false);
    };
    const move = (event: DragEvent) => carriesFiles(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !carriesFiles(event)) return;
      event.preventDefault();
      depth.current = 0;
      setOver(false);
      void filesOf(event.dataTransfer).then((files) => upload(collection, files));
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", move);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", move);
      window.removeEventListener("drop", drop);
    };
  }, [collection]);
  return (
    <div className="drop" data-drop-target={over ? "" : undefined}>
      <FileUp className="i i--l drop__icon" aria-hidden="true" />
      <div className="drop__text">
        <p className="strong">{over ? t("drop.now") : t("drop.title")}</p>
        <p className="small muted">{t("drop.kinds")}</p>
      </div>
      <button type="button" className="btn" onClick={() => browse.current?.click()}>{t("drop.browse")}</button>
      <input
        ref={browse}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          upload(collection, [...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </div>
  );
}
