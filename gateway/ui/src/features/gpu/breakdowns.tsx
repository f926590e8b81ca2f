import { Button } from "@patternfly/react-core";
import { useState, type ReactNode } from "react";

import { Meter } from "@/features/gpu/meter";
import type { GpuSearch } from "@/features/gpu/search";
import { modelName, percent, share, SOURCES, watts } from "@/features/gpu/values";
import type { GpuSummary } from "@/generated/api.schemas";
import { count, plural } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

const SHOWN = 6;

/** Where the GPUs are, what they are, and who uses them: each row narrows the page to itself. */
export function Breakdowns({ summary }: { summary: GpuSummary }) {
  const { cluster_id, model, namespace } = useSearch<GpuSearch>();
  return (
    <div className="gpu-breakdowns">
      <Breakdown
        title="By cluster"
        one="cluster"
        rows={summary.by_cluster.map((row) => ({
          ...row,
          id: row.cluster_id,
          name: row.cluster_name,
          note: row.stale_nodes > 0 ? `${plural(row.stale_nodes, "node")} stale` : undefined,
          chosen: cluster_id?.includes(row.cluster_id) ?? false,
          search: { cluster_id: [row.cluster_id] },
          undo: { cluster_id: undefined },
        }))}
      />
      <Breakdown
        title="By model"
        one="model"
        rows={summary.by_model.map((row) => ({
          ...row,
          id: row.name ?? "",
          name: modelName(row.name),
          chosen: row.name !== null && (model?.includes(row.name) ?? false),
          ...(row.name === null ? {} : { search: { model: [row.name] }, undo: { model: undefined } }),
        }))}
      />
      <Breakdown
        title="By namespace"
        one="namespace"
        empty="No pod is known to use a GPU."
        rows={summary.by_namespace.map((row) => ({
          ...row,
          id: row.namespace,
          name: row.namespace,
          chosen: namespace === row.namespace,
          search: { namespace: row.namespace },
          undo: { namespace: undefined },
        }))}
      />
      <Sources summary={summary} />
    </div>
  );
}

interface Row {
  id: string;
  name: string;
  note?: string | undefined;
  gpus: number;
  wasted: number;
  utilization_gpu_percent: number | null;
  memory_used_mb: number | null;
  memory_total_mb: number | null;
  power_draw_watts: number | null;
  chosen: boolean;
  search?: GpuSearch;
  undo?: GpuSearch;
}

interface BreakdownProps {
  title: string;
  one: string;
  rows: readonly Row[];
  empty?: string;
}

function Breakdown({ title, one, rows, empty = "None." }: BreakdownProps) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN);
  return (
    <Panel title={title}>
      {rows.length === 0 ? (
        <p className="quiet">{empty}</p>
      ) : (
        <div className={all ? "gpu-rows is-all" : "gpu-rows"} tabIndex={0} role="group" aria-label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{one}</th>
                <th scope="col">GPUs</th>
                <th scope="col">Busy</th>
                <th scope="col">Memory</th>
                <th scope="col">Power</th>
                <th scope="col" title="Allocated to a pod or process, but idle">
                  Wasted
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <BreakdownRow key={row.id} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > SHOWN ? (
        <Button variant="link" isInline onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show all ${count(rows.length)}`}
        </Button>
      ) : null}
    </Panel>
  );
}

function BreakdownRow({ row }: { row: Row }) {
  const setSearch = useSetSearch<GpuSearch>();
  const { name, note, gpus, wasted, utilization_gpu_percent: busy, power_draw_watts, chosen, search, undo } = row;
  return (
    <tr className={chosen ? "is-chosen" : undefined}>
      <th scope="row">
        {search ? (
          <button
            type="button"
            className="gpu-narrow"
            aria-pressed={chosen}
            title={chosen ? `Show all again, not only ${name}` : `Show only ${name}`}
            onClick={() => setSearch(chosen ? undo! : search)}
          >
            <span className="cut">{name}</span>
          </button>
        ) : (
          <span className="cut">{name}</span>
        )}
        {note ? <span className="hint gpu-note">{note}</span> : null}
      </th>
      <td>{count(gpus)}</td>
      <td>
        <span className="gpu-busy">
          <Meter of={busy} />
          {busy === null ? <Unknown /> : percent(busy)}
        </span>
      </td>
      <td>{orUnknown(share(row.memory_used_mb, row.memory_total_mb), percent)}</td>
      <td>{orUnknown(power_draw_watts, watts)}</td>
      <td className={wasted > 0 ? "gpu-wasted" : "quiet"}>{count(wasted)}</td>
    </tr>
  );
}

const orUnknown = (value: number | null, write: (value: number) => string) =>
  value === null ? <Unknown /> : write(value);

const Unknown = () => (
  <span className="quiet" title="Not known">
    –<span className="visually-hidden"> not known</span>
  </span>
);

function Sources({ summary: { by_source: sources, nodes } }: { summary: GpuSummary }) {
  const { source } = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  return (
    <Panel title="By source">
      <ul className="plain gpu-sources">
        {sources.map((row) => (
          <li key={row.source}>
            <button
              type="button"
              className="gpu-narrow"
              aria-pressed={source === row.source}
              onClick={() => setSearch({ tab: "nodes", source: row.source })}
            >
              {SOURCES[row.source]}
            </button>
            <Meter of={nodes > 0 ? (100 * row.nodes) / nodes : null} />
            <span className="numbers">{plural(row.nodes, "node")}</span>
          </li>
        ))}
      </ul>
      <p className="hint">
        DCGM: from the cluster&apos;s Prometheus. nvidia-smi: run in a pod of the node, where Prometheus has nothing.
      </p>
    </Panel>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="panel gpu-breakdown" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}
