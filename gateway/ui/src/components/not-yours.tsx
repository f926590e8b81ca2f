import "@/components/not-yours.css";

import { LockIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";

import { useClusters } from "@/components/cluster-picker";
import { LinkButton } from "@/components/link-button";
import { Nothing } from "@/components/states";
import type { Whoami } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { reachOf, useRights } from "@/lib/rights";

interface NotYoursProps {
  /** By default: may not see. */
  title?: string;
  /** What is here, and for whom, in a sentence or two. */
  children: ReactNode;
}

/** A page, or a part of one, that is for others: no fault, so it says for whom, and as what one is here. */
export function NotYours({ title = "You may not see this", children }: NotYoursProps) {
  const { me } = useRights();
  const names = useClusterNames(me?.clusters ?? []);
  return (
    <Nothing title={title} icon={LockIcon} actions={<LinkButton to="/">To the fleet</LinkButton>}>
      <p>{children}</p>
      {me ? <p className="not-yours-you">You are {asWhat(me, names)}. If you need more, ask an administrator.</p> : null}
    </Nothing>
  );
}

function asWhat(me: Whoami, names: string): string {
  return me.role === null ? `${me.user}, without a role` : `${me.user}, ${me.role} of ${reachOf(me, names)}`;
}

/** Few by name, many as a number. */
export function useClusterNames(ids: readonly string[], most = 3): string {
  const clusters = useClusters();
  if (ids.length > most) return plural(ids.length, "cluster");
  return ids.map((id) => clusters.get(id)?.name ?? id.slice(0, 8)).join(", ");
}
