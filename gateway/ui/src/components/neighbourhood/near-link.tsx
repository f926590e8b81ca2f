import "@/components/neighbourhood/near-button.css";

import { formatEntity, kindInWords, ownName, type Entity } from "@/components/neighbourhood/entity";
import { HereLink } from "@/lib/place";
import { TopologyIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";

/** One hop: the panel stands around that then, whatever page is beside it. */
export function NearLink({ to, children }: { to: Entity; children: ReactNode }) {
  return <HereLink changed={{ near: formatEntity(to) }}>{children}</HereLink>;
}

interface NearButtonProps {
  of: Entity;
  /** What it stands for, where its name is told by the link itself: `node worker-3`. */
  children?: string;
}

/** Opens what is next to it, beside the page; the key `n` presses the first one. */
export function NearButton({ of, children }: NearButtonProps) {
  const name = ownName(of);
  const said = name === undefined ? `Around this ${kindInWords(of)}` : `Around ${kindInWords(of)} ${name}`;
  return (
    <HereLink
      changed={{ near: formatEntity(of) }}
      className="near-button"
      data-near=""
      aria-keyshortcuts="n"
      title={said}
      {...(children === undefined ? { "aria-label": said } : {})}
    >
      <TopologyIcon />
      {children === undefined ? (
        <span>Around</span>
      ) : (
        <span>
          <span className="visually-hidden">Around </span>
          {children}
        </span>
      )}
    </HereLink>
  );
}
