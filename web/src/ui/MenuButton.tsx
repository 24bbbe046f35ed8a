import { Ellipsis } from "lucide-react";
import { useRef, useState } from "react";
import { ActionMenu } from "./lazy-overlays";
import type { Action } from "./overlays";

export function MenuButton({ label, actions, small = false }: { label: string; actions: readonly (Action | "-")[]; small?: boolean }) {
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  return (
    <>
      <button
        ref={trigger}
        type="button"
        className={small ? "iconbtn iconbtn--small" : "iconbtn"}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen((was) => !was)}
      >
        <Ellipsis className="i" aria-hidden="true" />
      </button>
      {open ? <ActionMenu trigger={trigger} label={label} actions={actions} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
