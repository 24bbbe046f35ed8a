import { settle, useSaid, useToasts } from "./status";

/** The page's one polite status, and the toast above everything. */
export function Status() {
  const said = useSaid();
  const toasts = useToasts();
  return (
    <>
      <p className="said" role="status">{said}</p>
      <div className="toasts" role="region" aria-live="polite" aria-label="Bastide">
        {toasts.map((one) => (
          <div className="toast" key={one.id}>
            <span>{one.text}</span>
            {one.action ? <button type="button" className="btn btn--small" onClick={() => settle(one.id, false)}>{one.action.name}</button> : null}
          </div>
        ))}
      </div>
    </>
  );
}
