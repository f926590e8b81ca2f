import { Button, Label } from "@patternfly/react-core";
import { ExclamationTriangleIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";

import { useClusterNaming } from "@/components/cluster-names";
import { Ago } from "@/components/timestamp";
import type { TokenView } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { useWallClock } from "@/lib/moment";
import { MAY } from "@/lib/rights";

const SOON_MS = 7 * 86_400_000;

interface TokenRowProps {
  token: TokenView;
  /** Without it it cannot be revoked. */
  onRevoke: ((token: TokenView) => void) | undefined;
}

/** One token: whose, for what, and whether it is still needed. */
export function TokenRow({ token, onRevoke }: TokenRowProps) {
  const { name, role, clusters, created_at, created_by, last_used_at, revoked_at } = token;
  const names = useClusterNaming()(clusters);
  return (
    <li className="entry">
      <div className="entry-words">
        <div className="entry-head">
          <strong>{name}</strong>
          <span title={MAY[role]}>
            <Label isCompact>{title(role)}</Label>
          </span>
          <span>{clusters.length === 0 ? "all clusters" : names}</span>
        </div>
        <ul className="plain entry-facts hint">
          <li>
            created <Ago at={created_at} /> {created_by ? `by ${created_by}` : "on the hub's machine"}
          </li>
          <li>{last_used_at ? <Used at={last_used_at} /> : "never used"}</li>
          <li>{revoked_at ? <Revoked at={revoked_at} /> : <Expiry at={token.expires_at} />}</li>
        </ul>
      </div>
      {onRevoke ? (
        <Button variant="link" isDanger aria-label={`Revoke ${name}`} onClick={() => onRevoke(token)}>
          Revoke
        </Button>
      ) : null}
    </li>
  );
}

const Used = ({ at }: { at: string }): ReactNode => (
  <>
    last used <Ago at={at} />
  </>
);

const Revoked = ({ at }: { at: string }): ReactNode => (
  <>
    revoked <Ago at={at} />
  </>
);

function Expiry({ at }: { at: string | null }) {
  const now = useWallClock(60_000);
  if (at === null) return <>never expires</>;
  const left = Date.parse(at) - now;
  const words = (
    <>
      {left > 0 ? "expires" : "expired"} <Ago at={at} />
    </>
  );
  if (left <= 0 || left > SOON_MS) return words;
  return (
    <span className="token-soon">
      <ExclamationTriangleIcon /> {words}
    </span>
  );
}
