// Menus, pickers and dialogs, on react-aria: loaded after the first screen, before they are needed.
import { Check } from "lucide-react";
import type { ReactNode, RefObject } from "react";
import { Dialog, Heading, ListBox, ListBoxItem, Menu, MenuItem, Modal, ModalOverlay, Popover, Separator } from "react-aria-components";

interface FromTrigger {
  trigger: RefObject<HTMLElement | null>;
  onClose: () => void;
}

export interface Choice {
  id: string;
  name: ReactNode;
  text: string;
  note?: string | undefined;
  icon?: ReactNode;
  disabled?: boolean;
}

/** One of several, with a word on each. */
export function ChoiceMenu({ trigger, onClose, label, choices, chosen, onChoose }: FromTrigger & {
  label: string;
  choices: readonly Choice[];
  chosen: string;
  onChoose: (id: string) => void;
}) {
  return (
    <Popover triggerRef={trigger} isOpen onOpenChange={(open) => open || onClose()} placement="top start" className="popover">
      <Dialog className="menu" aria-label={label}>
        <ListBox
          aria-label={label}
          autoFocus
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[chosen]}
          disabledKeys={choices.filter((choice) => choice.disabled).map((choice) => choice.id)}
          onSelectionChange={(keys) => {
            const [key] = keys === "all" ? [] : [...keys];
            if (key !== undefined) onChoose(String(key));
            onClose();
          }}
          onAction={() => onClose()}
        >
          {choices.map((choice) => (
            <ListBoxItem key={choice.id} id={choice.id} textValue={choice.text} className="item">
              {choice.icon}
              <div>
                {choice.name}
                {choice.note ? <p>{choice.note}</p> : null}
              </div>
              {choice.id === chosen ? <Check className="i end" aria-hidden="true" /> : null}
            </ListBoxItem>
          ))}
        </ListBox>
      </Dialog>
    </Popover>
  );
}

export interface Action {
  id: string;
  name: string;
  icon?: ReactNode;
  danger?: boolean;
  keys?: string;
  href?: string;
  onAction: () => void;
}

export function ActionMenu({ trigger, onClose, label, actions }: FromTrigger & { label: string; actions: readonly (Action | "-")[] }) {
  return (
    <Popover triggerRef={trigger} isOpen onOpenChange={(open) => open || onClose()} placement="bottom end" className="popover">
      <Menu aria-label={label} className="menu" autoFocus="first" onClose={onClose}>
        {actions.map((action, index) =>
          action === "-" ? (
            <Separator key={`line-${index}`} className="menu__line" />
          ) : (
            <MenuItem
              key={action.id}
              id={action.id}
              textValue={action.name}
              className={action.danger ? "item bad" : "item"}
              onAction={() => {
                onClose();
                action.onAction();
              }}
            >
              {action.icon}
              {action.name}
              {action.keys ? <span className="kbd">{action.keys}</span> : null}
            </MenuItem>
          ),
        )}
      </Menu>
    </Popover>
  );
}

export function Panel({ trigger, onClose, label, children }: FromTrigger & { label: string; children: ReactNode }) {
  return (
    <Popover triggerRef={trigger} isOpen onOpenChange={(open) => open || onClose()} placement="top start" className="popover">
      <Dialog className="menu" aria-label={label}>{children}</Dialog>
    </Popover>
  );
}

/** Asks only for what cannot be undone; the button repeats the verb and the number. */
export function ConfirmDialog({ title, children, keep, act, onAct, onClose }: {
  title: string;
  children: ReactNode;
  keep: string;
  act: string;
  onAct: () => void;
  onClose: () => void;
}) {
  return (
    <ModalOverlay className="scrim" isOpen isDismissable onOpenChange={(open) => open || onClose()}>
      <Modal className="modal">
        <Dialog className="dialog" role="alertdialog">
          <header><Heading slot="title">{title}</Heading></header>
          <div>{children}</div>
          <footer>
            <button type="button" className="btn" autoFocus onClick={onClose}>{keep}</button>
            <button type="button" className="btn btn--danger" onClick={() => { onClose(); onAct(); }}>{act}</button>
          </footer>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

export function FormDialog({ title, children, onClose, wide = false }: { title: string; children: ReactNode; onClose: () => void; wide?: boolean }) {
  return (
    <ModalOverlay className="scrim" isOpen isDismissable onOpenChange={(open) => open || onClose()}>
      <Modal className={wide ? "modal modal--wide" : "modal"}>
        <Dialog className="dialog">
          <header><Heading slot="title">{title}</Heading></header>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

export function BareModal({ label, className, children, onClose }: { label: string; className: string; children: ReactNode; onClose: () => void }) {
  return (
    <ModalOverlay className="scrim scrim--top" isOpen isDismissable onOpenChange={(open) => open || onClose()}>
      <Modal className="modal modal--wide">
        <Dialog className={className} aria-label={label}>{children}</Dialog>
      </Modal>
    </ModalOverlay>
  );
}
