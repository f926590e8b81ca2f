import "@/features/login/login.css";

import type { ReactNode } from "react";

/** Alone on the page, for whoever is not inside: what this is, and what there is to do. */
export function LoginCard({ children }: { children: ReactNode }) {
  return (
    <main className="login">
      <div className="login-card">
        <header>
          <span className="brand-mark login-mark" aria-hidden="true" />
          <h1>AIOps NextGen</h1>
          <p className="quiet">The operations hub for your fleet of clusters</p>
        </header>
        {children}
      </div>
    </main>
  );
}
