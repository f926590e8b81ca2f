import { AngleDownIcon, AngleRightIcon, ExclamationCircleIcon } from "@patternfly/react-icons";
import { memo } from "react";

import { duration } from "@/features/observability/traces/duration";
import type { Node } from "@/features/observability/traces/tree";
import { plural } from "@/lib/format";

interface SpanRowProps {
  node: Node;
  index: number;
  top: number;
  height: number;
  /** Milliseconds of the whole picture. */
  length: number;
  colour: string;
  folded: boolean;
  look: string;
  onFold: (id: string, shut: boolean) => void;
  onOpen: (id: string) => void;
}

/** Deeper than that it is no longer moved to the right, so that names can be read. */
const MOST_INDENT = 24;

export const SpanRow = memo(function SpanRow(props: SpanRowProps) {
  const { node, index, top, height, length, colour, folded, look, onFold, onOpen } = props;
  const { span, depth, children, below, errorsBelow, start, critical, orphan } = node;
  const failed = span.status === "ERROR";
  const part = (milliseconds: number) => `${(milliseconds / length) * 100}%`;
  return (
    <div
      role="row"
      id={`span-${span.span_id}`}
      aria-level={depth + 1}
      aria-rowindex={index + 1}
      aria-expanded={children.length > 0 ? !folded : undefined}
      className={`traces-row ${colour} ${look}`}
      style={{ height, transform: `translateY(${top}px)` }}
      onClick={() => onOpen(span.span_id)}
    >
      <div role="gridcell" className="traces-name" style={{ paddingInlineStart: `${Math.min(depth, MOST_INDENT) * 0.9 + 0.25}rem` }}>
        {children.length > 0 ? (
          <button
            type="button"
            tabIndex={-1}
            className="traces-fold"
            aria-label={`${folded ? "Unfold" : "Fold"} ${plural(below, "span")} below ${span.operation_name}`}
            onClick={(event) => {
              event.stopPropagation();
              onFold(span.span_id, !folded);
            }}
          >
            {folded ? <AngleRightIcon /> : <AngleDownIcon />}
          </button>
        ) : (
          <span className="traces-fold" />
        )}
        <span className="traces-service-mark" />
        {failed ? (
          <span className="traces-error" title="This span failed">
            <ExclamationCircleIcon role="img" aria-label="Failed" />
          </span>
        ) : null}
        <span className="cut" title={`${span.service_name}: ${span.operation_name} in ${span.cluster_name}`}>
          {orphan ? <span className="quiet">… </span> : null}
          {span.operation_name} <span className="quiet">{span.service_name}</span>
        </span>
        {folded ? (
          <span className={errorsBelow > 0 ? "traces-below traces-error" : "traces-below quiet"}>
            {errorsBelow > 0 ? `+${below}, ${plural(errorsBelow, "error")}` : `+${below}`}
          </span>
        ) : null}
        <span className="traces-where quiet" title={span.cluster_name}>
          {span.cluster_name}
        </span>
      </div>
      <div role="gridcell" className="traces-time">
        <span
          className={failed ? "traces-bar is-error" : "traces-bar"}
          style={{ insetInlineStart: part(start), inlineSize: part(span.duration_ms) }}
        />
        {critical.map((segment) => (
          <span
            key={segment.start}
            className="traces-critical"
            style={{ insetInlineStart: part(segment.start), inlineSize: part(segment.length) }}
          />
        ))}
        <span className="traces-took numbers" style={{ insetInlineStart: part(start + span.duration_ms) }}>
          {duration(span.duration_ms)}
          {critical.length > 0 ? <span className="visually-hidden">, on the critical path</span> : null}
        </span>
      </div>
    </div>
  );
});
