import "@/components/not-yours.css";

import { LockIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";

import { LinkButton } from "@/components/link-button";
import { useStanding } from "@/components/standing";
import { Nothing } from "@/components/states";
import { useRights } from "@/lib/rights";

interface NotYoursProps {
  /** By default: may not see. */
  title?: string;
  /** What is here, and for whom, in a sentence or two. */
  children: ReactNode;
}

/** A page, or a part of one, that is for others: no fault, so it says for whom, and as what one is here. */
export function NotYours({ title = "You may not see this", children }: NotYoursProps) {
  const { me } = useRights();
  const standing = useStanding(me);
  return (
    <Nothing title={title} icon={LockIcon} actions={<LinkButton to="/">To the fleet</LinkButton>}>
      <p>{children}</p>
      {me ? <p className="not-yours-you">You are {me.user}, {standing}. If you need more, ask an administrator.</p> : null}
    </Nothing>
  );
}
