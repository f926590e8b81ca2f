import { Button, DropdownItem, DropdownList } from "@patternfly/react-core";
import { ChartLineIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { METHODS } from "@/components/anomalies/words";
import { CopyMenu } from "@/components/copy-menu";
import { DataAge } from "@/components/timestamp";
import { asSelector } from "@/components/chart/lines";
import { ExplainButton } from "@/components/explain/explain-button";
import type { Search } from "@/features/observability/metrics/anomalies/use-anomalies";
import { writtenStep } from "@/features/observability/metrics/step";
import { pathOf, type Answered } from "@/features/observability/metrics/use-metrics";
import type { View } from "@/features/observability/metrics/view";
import { count, plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";

const WAYS = ["STATISTICAL", "ML_BASED", "LLM_ASSISTED"] as const;

interface ResultBarProps {
  view: View;
  data: Answered;
  step: number;
  /** It answers an earlier question; the present one is being asked. */
  isOld: boolean;
  /** Looks for anomalies in what is shown; undefined: there is nothing to look at. */
  search: Search | undefined;
  /** Opens what differs from before; undefined: there is no window. */
  onExplain: (() => void) | undefined;
}

/** How much there is, of whom, how old, and the same to take away. */
export function ResultBar({ view, data, step, isOld, search, onExplain }: ResultBarProps) {
  const { lines, common } = data;
  const alike = asSelector(common);
  const { as_of } = useAsOf();
  return (
    <div className="metrics-bar">
      <span className="numbers" aria-live="polite">
        {isOld ? "Waiting for the clusters; this is the answer before" : told(data, view, step)}
      </span>
      {isOld || alike === "" || lines.length < 2 ? null : (
        <span className="mono quiet cut" title={`All have in common: ${alike}`}>
          {alike}
        </span>
      )}
      <span className="metrics-bar-end">
        {onExplain ? (
          <ExplainButton isDisabled={isOld} onExplain={onExplain} />
        ) : null}
        {search ? (
          <>
            <Button
              variant="link"
              isInline
              icon={<ChartLineIcon />}
              isLoading={search.isPending}
              isDisabled={isOld || search.isPending}
              onClick={() => search.look()}
            >
              Look for anomalies
            </Button>
            {isOld || search.isPending ? null : (
              <ActionMenu label="Ways to look for anomalies">
                <DropdownList>
                  {WAYS.map((method) => (
                    <DropdownItem key={method} description={METHODS[method][1]} onClick={() => search.look(method)}>
                      {METHODS[method][0]}
                    </DropdownItem>
                  ))}
                </DropdownList>
              </ActionMenu>
            )}
          </>
        ) : null}
        {as_of === undefined ? <DataAge at={data.readAt} /> : null}
        <CopyMenu
          query={{ name: "PromQL", text: data.body.query }}
          request={{ method: "POST", path: pathOf(view), body: data.body }}
        />
      </span>
    </div>
  );
}

/** `72 series · 11 of 12 clusters · every 15s`. */
function told({ lines, answer }: Answered, view: View, step: number): string {
  const { clusters_queried: queried, clusters_succeeded: succeeded } = answer;
  const of = succeeded === queried ? "" : `${count(succeeded)} of `;
  const parts = [plural(lines.length, "series", "series"), of + plural(queried, "cluster")];
  if (view === "chart") parts.push(`every ${writtenStep(step)}`);
  return parts.join(" · ");
}
