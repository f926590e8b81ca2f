import type { ReactNode } from "react";

import { ViewsMenu } from "@/components/views/views-menu";

interface PageFrameProps {
  title: ReactNode;
  /** One sentence on what is shown here now, or badges. */
  subtitle?: ReactNode;
  /** What leads here, as links: `Clusters ›`. */
  trail?: ReactNode;
  actions?: ReactNode;
  /** Content takes the window's height and scrolls inside itself, as tables do. */
  fills?: boolean;
  children: ReactNode;
}

/** Title, actions and content of a page; where it has filters, also its views. */
export function PageFrame({ title, subtitle, trail, actions, fills = false, children }: PageFrameProps) {
  return (
    <div className={fills ? "page page-fills" : "page"}>
      <header className="page-head">
        <div className="page-title">
          {trail}
          <h1>{title}</h1>
          {subtitle === undefined ? null : <div className="page-subtitle">{subtitle}</div>}
        </div>
        <div className="page-actions">
          {actions}
          <ViewsMenu />
        </div>
      </header>
      <div className="page-body">{children}</div>
    </div>
  );
}
