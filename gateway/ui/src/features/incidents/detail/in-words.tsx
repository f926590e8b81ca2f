/** An incident in words: by a model where there is one, and it is said which one, or that there was none. */

import "@/features/incidents/detail/in-words.css";

import { OutlinedQuestionCircleIcon } from "@patternfly/react-icons";

import { Badge } from "@/components/badges";
import { InlineFailure } from "@/components/states";
import { Markdown } from "@/components/words/markdown";
import { GuardedButton } from "@/features/incidents/detail/guarded-button";
import { useExplain } from "@/generated/api";
import type { ExplanationView } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";

export function InWords({ incident }: { incident: string }) {
  const { as_of } = useAsOf();
  // A model may be slow, and then another one is asked.
  const explain = useExplain({ request: { patience: 110_000 } });
  const notNow = as_of === undefined ? undefined : "It is told of now alone: go back to live first";
  return (
    <div className="incidents-words">
      <GuardedButton
        variant="link"
        isInline
        whyNot={notNow}
        isDisabled={explain.isPending}
        onClick={() => explain.mutate({ data: { incident_id: incident } })}
      >
        {explain.isPending ? "Finding words …" : "Explain in words"}
      </GuardedButton>
      {explain.error ? <InlineFailure error={explain.error} what="It was not explained" /> : null}
      {explain.data === undefined ? null : <Words told={explain.data} />}
    </div>
  );
}

function Words({ told }: { told: ExplanationView }) {
  return (
    <section className="incidents-told" aria-label="In words" aria-live="polite">
      <p className="hint">
        {told.model === null ? "No model was used" : `By ${told.model}, which may be wrong`}
        {told.cut ? "; it was not shown all" : null}
        {told.is_hypothesis ? (
          <Badge tone="neutral" icon={OutlinedQuestionCircleIcon}>
            Hypothesis
          </Badge>
        ) : null}
      </p>
      <Markdown text={told.text} />
    </section>
  );
}
