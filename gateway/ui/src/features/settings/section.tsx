import { useId, type ReactNode } from "react";

/** A group of settings under its heading. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className="panel settings-section" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

interface RowProps {
  label: string;
  /** What it does, in one sentence. */
  hint?: ReactNode;
  children: ReactNode;
}

/** One setting: its name, what it does, and the control. */
export function Row({ label, hint, children }: RowProps) {
  return (
    <div className="settings-row">
      <div className="settings-label">
        <div>{label}</div>
        {hint === undefined ? null : <div className="hint">{hint}</div>}
      </div>
      {children}
    </div>
  );
}
