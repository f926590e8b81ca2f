import { Button, Tooltip } from "@patternfly/react-core";
import { StopIcon, StreamIcon, TagsIcon } from "@patternfly/react-icons";

import { ClusterPicker } from "@/components/cluster-picker";
import { QueryEditor } from "@/components/query-editor/query-editor";
import { RunButton } from "@/features/observability/run-button";
import { asksForLines } from "@/features/observability/logs/selector";
import type { ApiError } from "@/lib/http";
import { useAsOf } from "@/lib/moment";

interface QuestionBarProps {
  draft: string;
  onDraft: (query: string) => void;
  onRun: (query: string) => void;
  clusters: readonly string[];
  onClusters: (clusters: string[]) => void;
  browsing: boolean;
  onBrowse: (browsing: boolean) => void;
  tail: boolean;
  onTail: (tail: boolean) => void;
  /** The answer is being waited for. */
  isWaiting: boolean;
  onStop: () => void;
  /** What the clusters say against the query. */
  refused: ApiError | undefined;
}

/** What is asked, of whom, and once or as it comes. */
export function QuestionBar(props: QuestionBarProps) {
  const { draft, onDraft, onRun, clusters, onClusters, browsing, onBrowse, tail, onTail, isWaiting, onStop, refused } = props;
  const { as_of } = useAsOf();
  const why =
    as_of !== undefined
      ? "The past is shown: go back to now to follow lines"
      : draft.trim() !== "" && !asksForLines(draft)
        ? "This query makes numbers; only lines can be followed"
        : undefined;
  return (
    <div className="logs-question">
      <div className="logs-question-asked">
        <ClusterPicker chosen={clusters} onChange={onClusters} />
        <Button
          variant="secondary"
          icon={<TagsIcon />}
          aria-expanded={browsing}
          onClick={() => onBrowse(!browsing)}
        >
          Labels
        </Button>
      </div>
      <div className="logs-question-text" data-filter>
        <QueryEditor
          language="logql"
          label="LogQL"
          placeholder={'{namespace="…"} |= "error"'}
          value={draft}
          onChange={onDraft}
          onRun={onRun}
          clusters={clusters}
          error={refused ? { message: refused.message, position: positionIn(draft, refused.message) } : undefined}
        />
      </div>
      <div className="logs-question-acts">
        <RunButton
          isWaiting={isWaiting}
          isDisabled={draft.trim() === ""}
          onRun={() => onRun(draft)}
          onCancel={onStop}
        />
        <Tooltip trigger={why ? "mouseenter focus" : "manual"} content={why ?? ""}>
          <Button
            variant="secondary"
            icon={tail ? <StopIcon /> : <StreamIcon />}
            isAriaDisabled={!tail && (why !== undefined || draft.trim() === "")}
            onClick={() => onTail(!tail)}
          >
            {tail ? "Stop following" : "Follow"}
          </Button>
        </Tooltip>
      </div>
    </div>
  );
}

/** `parse error at line 1, col 18: …`: the place in the text. */
export function positionIn(query: string, message: string): number | undefined {
  const found = /line (\d+), col(?:umn)? (\d+)/.exec(message);
  if (!found) return undefined;
  const before = query.split("\n").slice(0, Number(found[1]) - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + Number(found[2]) - 1;
}
