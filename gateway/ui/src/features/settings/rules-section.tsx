import { Button } from "@patternfly/react-core";
import { PlusCircleIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { useClusterNaming } from "@/components/cluster-names";
import { Failure, InlineFailure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { RemoveDialog } from "@/features/settings/rules/remove-dialog";
import { RuleDialog } from "@/features/settings/rules/rule-dialog";
import { useRules } from "@/features/settings/rules/use-rules";
import { aboutInWords, EFFECTS, ruleInWords } from "@/features/settings/rules/words";
import { Section } from "@/features/settings/section";
import type { CorrelationRuleView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { PageLink } from "@/lib/place";
import { useRights } from "@/lib/rights";

/** What operators know about signals that belong together, or do not. */
export function RulesSection() {
  const { rules: isAdmin } = useRights();
  const { as_of } = useAsOf();
  const read = useRules();
  /** Null: a new one is made. */
  const [editing, setEditing] = useState<CorrelationRuleView | null>();
  const [removing, setRemoving] = useState<CorrelationRuleView>();
  const rules = read.data?.pages.flatMap(({ items }) => items);
  const may = isAdmin && as_of === undefined;
  return (
    <Section title="Correlation rules">
      <div className="toolbar">
        <p className="hint">
          What belongs together in <PageLink to="/incidents">incidents</PageLink> is found by what signals share; rules say
          what that does not tell. They count for what comes after them.
        </p>
        {may ? (
          <Button className="toolbar-end" variant="secondary" icon={<PlusCircleIcon />} onClick={() => setEditing(null)}>
            Add a rule
          </Button>
        ) : null}
      </div>
      {read.error && rules ? <InlineFailure error={read.error} what="The rules could not be read again" /> : null}
      {rules === undefined ? (
        read.error ? (
          <Failure error={read.error} what="The rules" onRetry={() => void read.refetch()} />
        ) : (
          <Loading lines={2} label="Loading the rules" />
        )
      ) : rules.length === 0 ? (
        <p className="quiet">There is no rule{as_of === undefined ? "" : " at the instant that is shown"}.</p>
      ) : (
        <ul className="plain" aria-label="Correlation rules">
          {rules.map((rule) => (
            <RuleRow
              key={rule.id}
              rule={rule}
              onEdit={may && !rule.redacted ? () => setEditing(rule) : undefined}
              onRemove={may && !rule.redacted ? () => setRemoving(rule) : undefined}
            />
          ))}
        </ul>
      )}
      {read.hasNextPage ? (
        <div>
          <Button variant="link" isInline isLoading={read.isFetchingNextPage} onClick={() => void read.fetchNextPage()}>
            Show more
          </Button>
        </div>
      ) : null}
      {editing === undefined ? null : <RuleDialog rule={editing ?? undefined} onClose={() => setEditing(undefined)} />}
      {removing ? <RemoveDialog rule={removing} onClose={() => setRemoving(undefined)} /> : null}
    </Section>
  );
}

interface RuleRowProps {
  rule: CorrelationRuleView;
  /** Without them it cannot be changed. */
  onEdit: (() => void) | undefined;
  onRemove: (() => void) | undefined;
}

function RuleRow({ rule, onEdit, onRemove }: RuleRowProps) {
  const names = useClusterNaming();
  const { id, effect, comment, cluster_ids = [], changed_at, changed_by, redacted } = rule;
  return (
    <li className="entry">
      <div className="entry-words">
        <div className="entry-head">
          <strong>{id}</strong>
          <span className="quiet">{EFFECTS[effect][0]}</span>
        </div>
        <div>
          {aboutInWords(rule)} {ruleInWords(rule)}
        </div>
        <ul className="plain hint entry-facts">
          {comment ? <li>{comment}</li> : null}
          <li>{cluster_ids.length > 0 ? `of ${names(cluster_ids)}` : "of any cluster"}</li>
          {redacted ? <li>also of clusters that you do not see</li> : null}
          <li>
            by {changed_by}, <Ago at={changed_at} />
          </li>
        </ul>
      </div>
      {onEdit && onRemove ? (
        <div className="toolbar">
          <Button variant="link" isInline aria-label={`Change ${id}`} onClick={onEdit}>
            Change
          </Button>
          <Button variant="link" isInline isDanger aria-label={`Remove ${id}`} onClick={onRemove}>
            Remove
          </Button>
        </div>
      ) : null}
    </li>
  );
}
