import { Button, TextArea } from "@patternfly/react-core";
import { ThumbsDownIcon, ThumbsUpIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { InlineFailure } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { useFeedback } from "@/features/anomalies/detail/use-anomaly";
import type { AnomalyView, Verdict } from "@/generated/api.schemas";
import { useAsOf } from "@/lib/moment";
import { useRights } from "@/lib/rights";

const WORDS: Readonly<Record<Verdict, string>> = { USEFUL: "Useful", NOISE: "Noise" };

/** What people say of it, and a place to say so: one click is enough. */
export function Feedback({ anomaly }: { anomaly: AnomalyView }) {
  const { feedback, cluster_id } = anomaly;
  const { as_of } = useAsOf();
  const may = useRights().operates(cluster_id) && as_of === undefined;
  return (
    <section className="panel anomalies-part" aria-label="Was it right to tell this?">
      <h2>Was it right to tell this?</h2>
      {feedback === null ? (
        may ? null : <p className="quiet">Nobody has said so yet.</p>
      ) : (
        <p>
          <strong>{WORDS[feedback.verdict]}</strong>, says {feedback.given_by}, <Ago at={feedback.given_at} />
          {feedback.comment ? `: “${feedback.comment}”` : "."}
        </p>
      )}
      {may ? <Ask key={feedback?.given_at ?? ""} anomaly={anomaly} /> : null}
    </section>
  );
}

function Ask({ anomaly: { id, feedback } }: { anomaly: AnomalyView }) {
  const [comment, setComment] = useState("");
  const give = useFeedback(id);
  const button = (verdict: Verdict) => (
    <Button
      variant="secondary"
      aria-pressed={feedback?.verdict === verdict}
      className={feedback?.verdict === verdict ? "is-said" : ""}
      icon={verdict === "USEFUL" ? <ThumbsUpIcon /> : <ThumbsDownIcon />}
      isLoading={give.isPending && give.variables.verdict === verdict}
      isDisabled={give.isPending}
      onClick={() => give.mutate({ verdict, comment: comment.trim() })}
    >
      {WORDS[verdict]}
    </Button>
  );
  return (
    <>
      <TextArea
        aria-label="Why, if you like"
        rows={2}
        resizeOrientation="vertical"
        maxLength={1000}
        placeholder="Why, if you like: others read it here"
        value={comment}
        onChange={(_, text) => setComment(text)}
      />
      <div className="toolbar">
        {button("USEFUL")}
        {button("NOISE")}
        <span className="hint">Of noise the detector learns: of this series it has to see more before it tells again.</span>
      </div>
      {give.error ? <InlineFailure error={give.error} what="Not kept" /> : null}
    </>
  );
}
