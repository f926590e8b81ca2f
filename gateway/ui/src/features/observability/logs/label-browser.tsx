/** Labels and their values to choose from: makes the selector for those who know no LogQL. */

import { Button } from "@patternfly/react-core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";

import {
  matcherOf,
  readSelector,
  valuesOf,
  withMatchers,
  writeSelector,
} from "@/features/observability/logs/selector";
import { FindField } from "@/components/find-field";
import { InlineFailure, Loading } from "@/components/states";
import { useListLogLabels, useListLogLabelValues } from "@/generated/api";
import { plural } from "@/lib/format";
import { resolveRange, useNow, useRange } from "@/lib/moment";

interface LabelBrowserProps {
  query: string;
  clusters: readonly string[];
  onChange: (query: string) => void;
  onRun: () => void;
}

/** Names change slowly: they are asked for anew every five minutes at most. */
const STEADY_MS = 300_000;
/** More of them are found by name. */
const MOST = 500;
const FIRST = ["namespace", "kubernetes_namespace_name", "app", "job"];

export function LabelBrowser({ query, clusters, onChange, onRun }: LabelBrowserProps) {
  const [picked, setPicked] = useState<string>();
  const scope = useScope(clusters);
  const labels = useListLogLabels(scope, { query: { staleTime: STEADY_MS, placeholderData: keepPreviousData } });
  const names = labels.data?.data ?? [];
  const label = picked ?? FIRST.find((each) => names.includes(each)) ?? names[0];
  const matchers = readSelector(query)?.matchers ?? [];
  return (
    <section className="panel logs-browser" aria-label="Labels">
      {labels.error ? <InlineFailure error={labels.error} what="The labels could not be loaded" /> : null}
      <div className="logs-browser-lists">
        <div className="logs-browser-list">
          <h2>Labels</h2>
          {labels.isPending ? <Loading lines={4} label="Loading labels" /> : null}
          <ul className="plain" aria-label="Labels of log streams">
            {names.map((name) => {
              const used = matchers.some((each) => each.label === name);
              return (
                <li key={name}>
                  <button
                    type="button"
                    className={name === label ? "logs-browser-name is-picked" : "logs-browser-name"}
                    aria-pressed={name === label}
                    onClick={() => setPicked(name)}
                  >
                    {name}
                    {used ? <span className="quiet"> · used</span> : null}
                  </button>
                </li>
              );
            })}
          </ul>
          {labels.data && names.length === 0 ? <p className="hint">No labels in this time range.</p> : null}
        </div>
        {label === undefined ? null : (
          <Values key={label} label={label} query={query} clusters={clusters} onChange={onChange} />
        )}
      </div>
      <div className="toolbar">
        <Button onClick={onRun} isDisabled={query.trim() === ""}>
          Show lines
        </Button>
        <span className="hint">Values of one label are alternatives; labels narrow each other.</span>
      </div>
    </section>
  );
}

function Values({ label, query, clusters, onChange }: Omit<LabelBrowserProps, "onRun"> & { label: string }) {
  const [wanted, setWanted] = useState("");
  const matchers = readSelector(query)?.matchers ?? [];
  const others = matchers.filter((each) => each.label !== label);
  // A selector that may match the empty text is refused.
  const narrows = others.some(({ operator }) => operator === "=" || operator === "=~");
  const scope = { ...useScope(clusters), ...(narrows ? { query: writeSelector(others) } : {}) };
  const values = useListLogLabelValues(label, scope, {
    query: { staleTime: STEADY_MS, placeholderData: keepPreviousData },
  });
  const chosen = valuesOf(matchers, label);
  const all = [...new Set([...chosen, ...(values.data?.data ?? [])])];
  const found = all.filter((value) => value.toLowerCase().includes(wanted.toLowerCase()));
  const flip = (value: string) => {
    const now = chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value];
    onChange(withMatchers(query, now.length === 0 ? others : [...others, matcherOf(label, now)]));
  };
  return (
    <div className="logs-browser-list">
      <h2>
        Values of <span className="mono">{label}</span>
      </h2>
      <FindField
        label={`Find a value of ${label}`}
        placeholder={`Find among ${plural(all.length, "value")}`}
        value={wanted}
        onChange={setWanted}
      />
      {values.error ? <InlineFailure error={values.error} what="The values could not be loaded" /> : null}
      {values.isPending ? <Loading lines={4} label="Loading values" /> : null}
      <div className="logs-browser-values" role="group" aria-label={`Values of ${label}`}>
        {found.slice(0, MOST).map((value) => (
          <label key={value} className="logs-browser-value">
            <input type="checkbox" checked={chosen.includes(value)} onChange={() => flip(value)} />
            <span className="mono cut" title={value}>
              {value === "" ? "(empty)" : value}
            </span>
          </label>
        ))}
        {found.length > MOST ? <p className="hint">{found.length - MOST} more: find them by name</p> : null}
        {values.data && found.length === 0 ? <p className="hint">None.</p> : null}
      </div>
    </div>
  );
}

function useScope(clusters: readonly string[]) {
  const range = useRange();
  const { start, end } = resolveRange(range, useNow(60_000));
  return {
    cluster_id: [...clusters],
    start_time: new Date(Math.floor(start / STEADY_MS) * STEADY_MS).toISOString(),
    end_time: new Date(Math.ceil(end / STEADY_MS) * STEADY_MS).toISOString(),
  };
}
