/** What a tool has told: a chart, a table, or a tree; what was cut is said, and all of it can be read as JSON. */

import { ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { useMemo, useState } from "react";

import { Chart } from "@/components/chart/chart";
import { unitOf } from "@/components/chart/unit-of";
import { JsonTree } from "@/components/json-tree";
import { At } from "@/components/timestamp";
import { cell, chartOf, figuresOf, isFields, isTime, tableOf, valuesOf, type Charted, type Table } from "@/features/chat/results/shapes";
import type { ToolAnswer } from "@/features/chat/shared/types";
import { cutInWords } from "@/features/chat/shared/words";
import type { ToolCallView } from "@/generated/api.schemas";
import { count } from "@/lib/format";

/** Rows of a table; the others stand in the JSON. */
const MOST_ROWS = 20;

export function Result({ call, answer }: { call: ToolCallView; answer: ToolAnswer }) {
  const query = typeof call.arguments["query"] === "string" ? call.arguments["query"] : call.tool;
  const isMetrics = call.tool === "query_metrics";
  const chart = useMemo(() => (isMetrics ? chartOf(answer.data, call.arguments) : undefined), [isMetrics, answer.data, call.arguments]);
  const table = useMemo(() => (isMetrics ? valuesOf(answer.data) : tableOf(answer.data)), [isMetrics, answer.data]);
  const [asJson, setAsJson] = useState(false);
  const isShaped = chart !== undefined || table !== undefined;
  const cuts = answer.cut ?? [];
  return (
    <div className="chat-result">
      {isShaped ? (
        <ToggleGroup isCompact aria-label="How it is shown">
          <ToggleGroupItem text={chart ? "Chart" : "Table"} isSelected={!asJson} onChange={() => setAsJson(false)} />
          <ToggleGroupItem text="JSON" isSelected={asJson} onChange={() => setAsJson(true)} />
        </ToggleGroup>
      ) : null}
      {asJson || !isShaped ? <Tree data={answer.data} /> : chart ? <Lines chart={chart} query={query} /> : <Rows table={table!} data={answer.data} />}
      {cuts.length > 0 ? <p className="hint">Shown to the assistant: {cuts.map(cutInWords).join("; ")}.</p> : null}
      {answer.next ? <p className="hint">There is more after these: ask for it in words, and it goes on from there.</p> : null}
    </div>
  );
}

function Tree({ data }: { data: unknown }) {
  return isFields(data) || Array.isArray(data) ? <JsonTree of={data} /> : <p className="mono">{cell(data) || "nothing"}</p>;
}

export function Lines({ chart, query }: { chart: Charted; query: string }) {
  return <Chart label={query} series={chart.lines} range={chart} step={chart.step} unit={unitOf(query)} height={180} />;
}

function Rows({ table: { name, columns, rows }, data }: { table: Table; data: unknown }) {
  const figures = figuresOf(data);
  return (
    <>
      {figures.length > 0 ? (
        <p className="chat-figures">
          {figures.map(([said, value]) => (
            <span key={said}>
              <span className="quiet">{said}</span> {isTime(value) ? <At at={value} /> : <span className="numbers">{value}</span>}
            </span>
          ))}
        </p>
      ) : null}
      <div className="chat-rows" tabIndex={0} role="group" aria-label={`Table of ${name}`}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column.replaceAll("_", " ")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_ROWS).map((row, at) => (
              <tr key={at}>
                {columns.map((column) => (
                  <td key={column} className={typeof row[column] === "number" ? "numbers is-number" : undefined} dir="auto">
                    {isTime(row[column]) ? <At at={row[column]} /> : cell(row[column])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > MOST_ROWS ? <p className="hint">{count(rows.length - MOST_ROWS)} more rows stand in the JSON.</p> : null}
    </>
  );
}
