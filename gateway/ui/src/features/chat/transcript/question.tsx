import { Button } from "@patternfly/react-core";
import { useState } from "react";

import { useClusterNaming } from "@/components/cluster-names";
import { Ago } from "@/components/timestamp";
import { count } from "@/lib/format";

interface QuestionProps {
  text: string;
  /** What it is of, if not of all. */
  clusters: readonly string[];
  /** Undefined: it is on its way. */
  at: string | undefined;
}

const LONG = 1_200;
const MOST_LINES = 14;

/** A question as it was written; of a long one the beginning. */
export function Question({ text, clusters, at }: QuestionProps) {
  const names = useClusterNaming();
  const [all, setAll] = useState(false);
  const isLong = text.length > LONG || text.split("\n").length > MOST_LINES;
  return (
    <div className="chat-question">
      <h2 className="visually-hidden">Question</h2>
      <p className={isLong && !all ? "chat-asked is-cut" : "chat-asked"} dir="auto">
        {text}
      </p>
      <p className="chat-question-foot hint">
        {isLong ? (
          <Button variant="link" isInline aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show less" : `Show all ${count(text.length)} characters`}
          </Button>
        ) : null}
        {clusters.length > 0 ? <span>of {names(clusters)}</span> : null}
        {at === undefined ? "being sent …" : <Ago at={at} />}
      </p>
    </div>
  );
}
