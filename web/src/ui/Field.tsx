import { CircleAlert } from "lucide-react";
import { useId } from "react";
import type { InputHTMLAttributes, ReactNode } from "react";

type Props = InputHTMLAttributes<HTMLInputElement> & { label: ReactNode; help?: ReactNode; error?: string | null | undefined };

/** The label above, the help under it; an error says what to do. */
export function Field({ label, help, error, ...input }: Props) {
  const id = useId();
  const described = [help ? `${id}-help` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input className="input" id={id} aria-invalid={error ? true : undefined} aria-describedby={described || undefined} {...input} />
      {help ? <p className="field__help" id={`${id}-help`}>{help}</p> : null}
      {error ? <FieldError id={`${id}-error`}>{error}</FieldError> : null}
    </div>
  );
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p className="field__error" id={id}>
      <CircleAlert className="i i--s" aria-hidden="true" />
      <span>{children}</span>
    </p>
  );
}
