import { Cpu, Gauge, Library, LogOut, MessageSquare, Moon, Search, Settings, SquarePen, Sun, Users, X } from "lucide-react";
import { useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import { useWords } from "@/i18n";
import { ActionMenu } from "@/ui/lazy-overlays";
import { Mark } from "@/ui/Mark";
import { useShell } from "./page";
import { setTheme, shownTheme, useTheme } from "./preferences";
import { RailList } from "./RailList";
import { signOut, useSession } from "./session";
import { controlName } from "./shortcuts";

export function Rail({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  const { openPalette } = useShell();
  const { person, organisation } = useSession();
  const [location, navigate] = useLocation();
  const places = [
    { href: "/", name: t("nav.conversations"), icon: MessageSquare, current: location === "/" || location.startsWith("/c/") },
    { href: "/documents", name: t("nav.documents"), icon: Library, current: location.startsWith("/documents") || location.startsWith("/d/") },
    ...(person.role === "member" ? [] : [{ href: "/people", name: t("nav.people"), icon: Users, current: location.startsWith("/people") }]),
    ...(person.role === "admin" ? [{ href: "/models", name: t("nav.models"), icon: Cpu, current: location === "/models" }] : []),
    { href: "/usage", name: t("nav.usage"), icon: Gauge, current: location === "/usage" },
  ];
  return (
    <header className="rail">
      <div className="rail__top">
        <Link className="brand" href="/" onClick={onClose}><Mark />Bastide</Link>
        <button type="button" className="iconbtn push" aria-label={t("nav.search")} aria-keyshortcuts="Control+K" title={`${t("nav.search")} (${controlName} K)`} onClick={openPalette}>
          <Search className="i" aria-hidden="true" />
        </button>
        <button type="button" className="iconbtn topbar" aria-label={t("nav.closeMenu")} onClick={onClose}>
          <X className="i" aria-hidden="true" />
        </button>
      </div>
      <Link className="btn new" href="/" aria-keyshortcuts="Control+Shift+O" onClick={onClose}>
        <SquarePen className="i" aria-hidden="true" />
        {t("nav.new")}
      </Link>
      <nav aria-label={t("nav.main")}>
        <ul>
          {places.map(({ href, name, icon: Icon, current }) => (
            <li key={href}>
              <Link className="item" href={href} aria-current={current ? "page" : undefined} onClick={onClose}>
                <Icon className="i" aria-hidden="true" />
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <RailList onNavigate={onClose} />
      <Me name={person.name} detail={organisation || person.email} onSettings={() => { onClose(); navigate("/settings"); }} />
    </header>
  );
}

function Me({ name, detail, onSettings }: { name: string; detail: string; onSettings: () => void }) {
  const { t } = useWords();
  useTheme();
  const dark = shownTheme() === "dark";
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const initials = name.split(/\s+/).filter(Boolean).map((part) => [...part][0]).slice(0, 2).join("").toUpperCase();
  return (
    <div className="rail__me">
      <button ref={trigger} type="button" className="me" aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className="avatar" aria-hidden="true">{initials}</span>
        <span className="cut">
          <span className="strong cut">{name}</span>
          <span className="muted cut">{detail}</span>
        </span>
      </button>
      {open ? (
        <ActionMenu
          trigger={trigger}
          label={t("nav.account")}
          onClose={() => setOpen(false)}
          actions={[
            { id: "settings", name: t("nav.settings"), icon: <Settings className="i" aria-hidden="true" />, onAction: onSettings },
            "-",
            { id: "out", name: t("nav.signOut"), icon: <LogOut className="i" aria-hidden="true" />, onAction: () => void signOut() },
          ]}
        />
      ) : null}
      <button type="button" className="iconbtn push" aria-label={dark ? t("theme.toLight") : t("theme.toDark")} onClick={() => setTheme(dark ? "light" : "dark")}>
        {dark ? <Sun className="i" aria-hidden="true" /> : <Moon className="i" aria-hidden="true" />}
      </button>
    </div>
  );
}
