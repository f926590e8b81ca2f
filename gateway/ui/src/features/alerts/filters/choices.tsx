import { TextInput } from "@patternfly/react-core";
import { useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { Choice } from "@/features/alerts/filters/choice";
import type { AlertsSearch, Filters } from "@/features/alerts/search";
import type { AlertState } from "@/generated/api.schemas";
import { useClock, useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { describeRange } from "@/lib/time";

const STATE_WORDS = [
  ["", "Firing and pending"],
  ["FIRING", "Firing"],
  ["PENDING", "Pending"],
  ["FIRING,PENDING,RESOLVED", "All, also resolved"],
] as const;
const MUTED_WORDS = [
  ["", "Muted: shown"],
  ["false,false", "Muted: hidden"],
  ["true,", "Only silenced"],
  [",true", "Only inhibited"],
] as const;
const GROUP_WORDS = [
  ["", "Not grouped"],
  ["alertname", "By alert name"],
  ["cluster_id", "By cluster"],
  ["namespace", "By namespace"],
  ["severity", "By severity"],
  ["label:node", "By node"],
] as const;

/** What is listed and how, each choice on a button that says what counts. */
export function Choices() {
  const { tab, cluster_id = [], state, silenced = "", inhibited = "", group = "" } = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const muted = silenced || inhibited ? `${silenced},${inhibited}` : "";
  return (
    <>
      <ClusterPicker
        chosen={cluster_id}
        onChange={(chosen) => setSearch({ cluster_id: chosen.length > 0 ? chosen : undefined })}
      />
      {tab === "history" ? null : (
        <>
          <Choice
            label="State"
            options={STATE_WORDS}
            value={state?.join(",") ?? ""}
            onChange={(said) => setSearch({ state: said ? (said.split(",") as AlertState[]) : undefined })}
          />
          <Choice
            label="Silenced and inhibited"
            options={MUTED_WORDS}
            value={muted}
            onChange={(said) => {
              const [silenced, inhibited] = said.split(",").map((each) => each || undefined);
              setSearch({ silenced, inhibited } as Filters);
            }}
          />
        </>
      )}
      <Choice
        label="Grouping"
        options={GROUP_WORDS}
        value={group}
        onChange={(by) => setSearch({ group: by || undefined })}
        footer={(close) => <LabelGroup onDone={close} />}
      />
      <Began />
    </>
  );
}

/** Whether the time range of the header counts; for what is past it always does. */
function Began() {
  const { tab, ranged } = useSearch<AlertsSearch>();
  const setSearch = useSetSearch<AlertsSearch>();
  const range = useRange();
  const now = useNow(60_000);
  const clock = useClock();
  const words = describeRange(range, clock, now).toLowerCase();
  if (tab === "history") return <span className="quiet">Ended, and began: {words}</span>;
  return (
    <Choice
      label="When they began"
      options={[
        ["", "Began any time"],
        ["true", `Began: ${words}`],
      ]}
      value={ranged ?? ""}
      onChange={(said) => setSearch({ ranged: said === "true" ? "true" : undefined })}
    />
  );
}

/** Groups by any label, named by hand. */
function LabelGroup({ onDone }: { onDone: () => void }) {
  const setSearch = useSetSearch<AlertsSearch>();
  const [name, setName] = useState("");
  return (
    <form
      className="alerts-by-label"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === "") return;
        setSearch({ group: `label:${name.trim()}` });
        onDone();
      }}
    >
      <TextInput
        aria-label="Name of a label to group by"
        placeholder="Another label, then ↵"
        value={name}
        onChange={(_, value) => setName(value)}
        onKeyDown={(event) => event.stopPropagation()}
      />
    </form>
  );
}
