import { CopyMenu } from "@/components/copy-menu";
import { DataAge } from "@/components/timestamp";
import { asSelector } from "@/features/observability/metrics/results/lines";
import { writtenStep } from "@/features/observability/metrics/step";
import { pathOf, type Answered } from "@/features/observability/metrics/use-metrics";
import type { View } from "@/features/observability/metrics/view";
import { count, plural } from "@/lib/format";
import { useAsOf } from "@/lib/moment";

interface ResultBarProps {
  view: View;
  data: Answered;
  step: number;
  /** It answers an earlier question; the present one is being asked. */
  isOld: boolean;
}

/** How much there is, of whom, how old, and the same to take away. */
export function ResultBar({ view, data, step, isOld }: ResultBarProps) {
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
