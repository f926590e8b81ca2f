import type { ComponentType, ReactNode } from "react";

import { PageLink, type Path } from "@/lib/place";

interface LinkButtonProps {
  to: Path;
  search?: object;
  variant?: "primary" | "secondary" | "link";
  icon?: ComponentType;
  children: ReactNode;
}

/** A link that looks like a button: the next thing to do is on another page. */
export function LinkButton({ variant = "primary", icon: Icon, children, ...rest }: LinkButtonProps) {
  return (
    <PageLink className={`pf-v6-c-button pf-m-${variant}`} {...rest}>
      {Icon ? (
        <span className="pf-v6-c-button__icon pf-m-start">
          <Icon />
        </span>
      ) : null}
      <span className="pf-v6-c-button__text">{children}</span>
    </PageLink>
  );
}
