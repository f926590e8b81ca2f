import type { ReactNode } from "react";

import { PageLink, type Path } from "@/lib/place";

interface LinkButtonProps {
  to: Path;
  search?: object;
  variant?: "primary" | "secondary" | "link";
  children: ReactNode;
}

/** A link that looks like a button: the next thing to do is on another page. */
export function LinkButton({ variant = "primary", children, ...rest }: LinkButtonProps) {
  return (
    <PageLink className={`pf-v6-c-button pf-m-${variant}`} {...rest}>
      <span className="pf-v6-c-button__text">{children}</span>
    </PageLink>
  );
}
