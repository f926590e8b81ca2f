import { Button, ExpandableSection } from "@patternfly/react-core";
import { PlusCircleIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { Failure, InlineFailure, Loading } from "@/components/states";
import { Section } from "@/features/settings/section";
import { CreateDialog } from "@/features/settings/tokens/create-dialog";
import { RevokeDialog } from "@/features/settings/tokens/revoke-dialog";
import { TokenRow } from "@/features/settings/tokens/token-row";
import { isGood, useTokens } from "@/features/settings/tokens/use-tokens";
import type { TokenView } from "@/generated/api.schemas";
import { useWallClock } from "@/lib/moment";
import { useRights } from "@/lib/rights";

/** How programs log in. */
export function TokensSection() {
  const { me, rules } = useRights();
  return (
    <Section title="API tokens">
      {rules ? (
        <Tokens />
      ) : me ? (
        <p className="hint">
          Scripts, Grafana and Alertmanagers log in with tokens. Only administrators of all clusters see and make them, as
          a token may do whatever its role may: ask one of them for the one that you need.
        </p>
      ) : null}
    </Section>
  );
}

function Tokens() {
  const tokens = useTokens();
  const now = useWallClock(30_000);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenView>();
  const [unfolded, setUnfolded] = useState(false);
  const all = tokens.data?.pages.flatMap(({ items }) => items);
  const good = all?.filter((token) => isGood(token, now)) ?? [];
  const past = all?.filter((token) => !isGood(token, now)) ?? [];
  return (
    <>
      <div className="toolbar">
        <p className="hint">Scripts, Grafana and Alertmanagers log in with them. Each is shown once and kept only as a hash.</p>
        <Button className="toolbar-end" variant="secondary" icon={<PlusCircleIcon />} onClick={() => setCreating(true)}>
          Create a token
        </Button>
      </div>
      {all === undefined ? (
        tokens.error ? (
          <Failure error={tokens.error} what="The tokens" onRetry={() => void tokens.refetch()} />
        ) : (
          <Loading lines={3} label="Loading the tokens" />
        )
      ) : (
        <>
          {tokens.error ? <InlineFailure error={tokens.error} what="The tokens could not be read again" /> : null}
          {good.length > 0 ? (
            <TokenList label="Tokens" of={good} onRevoke={setRevoking} />
          ) : (
            <p className="quiet">No token is good for anything now.</p>
          )}
          {past.length > 0 ? (
            <ExpandableSection
              toggleText={`Revoked or expired (${past.length})`}
              isExpanded={unfolded}
              onToggle={(_, open) => setUnfolded(open)}
            >
              <TokenList label="Revoked or expired tokens" of={past} />
            </ExpandableSection>
          ) : null}
          {tokens.hasNextPage ? (
            <div>
              <Button variant="link" isInline isLoading={tokens.isFetchingNextPage} onClick={() => void tokens.fetchNextPage()}>
                Show older ones
              </Button>
            </div>
          ) : null}
        </>
      )}
      {creating ? <CreateDialog onClose={() => setCreating(false)} /> : null}
      {revoking ? <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} /> : null}
    </>
  );
}

interface TokenListProps {
  label: string;
  of: readonly TokenView[];
  /** Without it they cannot be revoked. */
  onRevoke?: (token: TokenView) => void;
}

function TokenList({ label, of, onRevoke }: TokenListProps) {
  return (
    <ul className="plain tokens" aria-label={label}>
      {of.map((token) => (
        <TokenRow key={token.id} token={token} onRevoke={onRevoke} />
      ))}
    </ul>
  );
}
