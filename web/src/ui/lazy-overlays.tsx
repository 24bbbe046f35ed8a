// The same overlays by name, fetched when the browser is idle after the first screen.
import { createElement, lazy, Suspense } from "react";
import type { ComponentType } from "react";
import type * as Overlays from "./overlays";

const load = () => import("./overlays");

export function prefetchOverlays(): void {
  const later = window.requestIdleCallback ?? ((run: () => void) => window.setTimeout(run, 300));
  later(() => void load());
}

function later<Props extends object>(pick: (overlays: typeof Overlays) => ComponentType<Props>): ComponentType<Props> {
  const Lazy = lazy(async () => ({ default: pick(await load()) })) as unknown as ComponentType<Props>;
  return function Overlay(props: Props) {
    return <Suspense fallback={null}>{createElement(Lazy, props)}</Suspense>;
  };
}

export const ChoiceMenu = later((overlays) => overlays.ChoiceMenu);
export const ActionMenu = later((overlays) => overlays.ActionMenu);
export const Panel = later((overlays) => overlays.Panel);
export const ConfirmDialog = later((overlays) => overlays.ConfirmDialog);
export const FormDialog = later((overlays) => overlays.FormDialog);
export const BareModal = later((overlays) => overlays.BareModal);
