import { Button, FormSelect, FormSelectOption, Label, LabelGroup } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { MARK_WORDS } from "@/features/gpu/map/mark-words";
import type { GpuSearch, Tab } from "@/features/gpu/search";
import { ATTRIBUTIONS, modelName, RAISED, SOURCES } from "@/features/gpu/values";
import { WordsInput } from "@/features/gpu/words-input";
import { Attribution, GpuMetric, GpuSource } from "@/generated/api.schemas";
import { useSearch, useSetSearch } from "@/lib/place";

type Name = "model" | "namespace" | "source" | "stale" | "q" | "attribution" | "gpu_uuid" | "raised" | "show";

/** Which filters each tab knows, beside the clusters. */
const KNOWN: Readonly<Record<Tab | "overview", readonly Name[]>> = {
  overview: ["model", "namespace", "show"],
  nodes: ["model", "namespace", "source", "stale", "q"],
  processes: ["namespace", "attribution", "gpu_uuid", "q"],
  history: [],
  thresholds: ["raised"],
};

/** Which GPUs are meant; only what counts on this tab. */
export function Filters({ end }: { end?: ReactNode }) {
  const search = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const { tab = "overview", cluster_id = [] } = search;
  const names = KNOWN[tab];
  return (
    <>
      <div className="toolbar">
        <ClusterPicker
          chosen={cluster_id}
          onChange={(chosen) => setSearch({ cluster_id: chosen.length > 0 ? chosen : undefined })}
        />
        {names.includes("q") ? (
          <WordsInput
            label={tab === "nodes" ? "Find nodes by name, cluster or GPU" : "Find processes by name or pod"}
            placeholder={tab === "nodes" ? "Find node, cluster or GPU" : "Find process or pod"}
            value={search.q}
            onChange={(q) => setSearch({ q }, { replace: true })}
          />
        ) : null}
        {names.includes("source") ? <Choice name="source" label="Source" all="Any source" of={SOURCES} values={Object.values(GpuSource)} /> : null}
        {names.includes("stale") ? (
          <Choice name="stale" label="Fresh or stale" all="Fresh or stale" of={{ true: "Stale only", false: "Fresh only" }} values={["true", "false"]} />
        ) : null}
        {names.includes("attribution") ? (
          <Choice name="attribution" label="Where it runs" all="Wherever they run" of={ATTRIBUTIONS} values={Object.values(Attribution)} />
        ) : null}
        {names.includes("raised") ? (
          <Choice
            name="raised"
            label="Threshold"
            all="Any threshold"
            of={Object.fromEntries(Object.values(GpuMetric).map((metric) => [metric, RAISED[metric].name]))}
            values={Object.values(GpuMetric)}
          />
        ) : null}
        <div className="toolbar-end">{end}</div>
      </div>
      <Chosen names={names} />
    </>
  );
}

interface ChoiceProps {
  name: "source" | "stale" | "attribution" | "raised";
  label: string;
  all: string;
  of: Readonly<Record<string, string>>;
  values: readonly string[];
}

function Choice({ name, label, all, of, values }: ChoiceProps) {
  const search = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const said = String(search[name] ?? "");
  const change = (value: string) =>
    setSearch({ [name]: value === "" ? undefined : name === "stale" ? value === "true" : value });
  return (
    <FormSelect className="gpu-choice" aria-label={label} value={said} onChange={(_, value) => change(value)}>
      <FormSelectOption value="" label={all} />
      {values.map((value) => (
        <FormSelectOption key={value} value={value} label={of[value]!} />
      ))}
    </FormSelect>
  );
}

/** Filters that have no field of their own, each with a way out. */
function Chosen({ names }: { names: readonly Name[] }) {
  const search = useSearch<GpuSearch>();
  const setSearch = useSetSearch<GpuSearch>();
  const { model, namespace, gpu_uuid, show } = search;
  const all: readonly (readonly [Name, string])[] = [
    ...(model ? ([["model", `Model: ${model.map(modelName).join(", ")}`]] as const) : []),
    ...(namespace ? ([["namespace", `Namespace: ${namespace}`]] as const) : []),
    ...(gpu_uuid ? ([["gpu_uuid", `GPU: ${gpu_uuid}`]] as const) : []),
    ...(show ? ([["show", `Only: ${MARK_WORDS[show].toLowerCase()}`]] as const) : []),
  ];
  const chips = all.filter(([name]) => names.includes(name));
  if (chips.length === 0) return null;
  const none = Object.fromEntries(chips.map(([name]) => [name, undefined]));
  return (
    <div className="toolbar">
      <LabelGroup aria-label="Filters" numLabels={10}>
        {chips.map(([name, words]) => (
          <Label key={name} variant="outline" onClose={() => setSearch({ [name]: undefined })} closeBtnAriaLabel={`No filter by ${words}`}>
            {words}
          </Label>
        ))}
      </LabelGroup>
      <Button variant="link" isInline onClick={() => setSearch(none)}>
        Clear filters
      </Button>
    </div>
  );
}
