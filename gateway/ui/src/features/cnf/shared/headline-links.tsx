import { CheckCircleIcon, ExclamationCircleIcon, ExclamationTriangleIcon } from "@patternfly/react-icons";
import type { ComponentType } from "react";

import type { Tone } from "@/components/badges";
import { headline } from "@/features/cnf/shared/headline";
import type { Overview } from "@/features/cnf/shared/overview";
import type { CnfSearch } from "@/features/cnf/search";
import { PageLink, useSearch } from "@/lib/place";

const ICONS: Readonly<Partial<Record<Tone, ComponentType>>> = {
  danger: ExclamationCircleIcon,
  warning: ExclamationTriangleIcon,
  success: CheckCircleIcon,
};

/** All areas in one line; each part leads to what it says. */
export function Headline({ of }: { of: Overview }) {
  const { cluster_id } = useSearch<CnfSearch>();
  const parts = headline(of);
  if (parts.length === 0) return <span>&nbsp;</span>;
  return (
    <ul className="plain cnf-headline numbers">
      {parts.map(({ text, tone, search }) => {
        const Icon = ICONS[tone];
        return (
          <li key={text} className={`badge tone-${tone}`}>
            {Icon ? <Icon /> : null}
            <PageLink to="/cnf" search={{ ...search, cluster_id }}>
              {text}
            </PageLink>
          </li>
        );
      })}
    </ul>
  );
}
