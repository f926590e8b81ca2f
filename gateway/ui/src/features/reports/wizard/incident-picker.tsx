/** Which incident a report is about: found by its title, the newest first, those that are over too. */

import { Button, FormGroup, Radio } from "@patternfly/react-core";
import { keepPreviousData } from "@tanstack/react-query";
import { useState } from "react";

import { SeverityBadge } from "@/components/badges";
import { SearchField } from "@/components/search-field";
import { InlineFailure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { Hint } from "@/features/reports/wizard/hint";
import { useGetIncident, useListIncidents } from "@/generated/api";
import { IncidentState, type IncidentView } from "@/generated/api.schemas";
import { title as titled } from "@/lib/format";

/** Shown at once; to find others there is the search. */
const MOST = 8;

interface IncidentPickerProps {
  chosen: string | undefined;
  problem: string | undefined;
  onChoose: (id: string) => void;
}

export function IncidentPicker({ chosen, problem, onChoose }: IncidentPickerProps) {
  const [wanted, setWanted] = useState("");
  // What one came with stands there alone, until another one is wanted.
  const [isSeeking, setSeeking] = useState(chosen === undefined);
  if (chosen !== undefined && !isSeeking) return <Chosen id={chosen} onOther={() => setSeeking(true)} />;
  return (
    <FormGroup label="Incident" role="group" fieldId="report-incident" isRequired>
      <div className="reports-incidents">
        <SearchField label="Find an incident" value={wanted} onChange={setWanted} />
        <Found wanted={wanted} chosen={chosen} onChoose={onChoose} />
      </div>
      <Hint problem={problem}>It is told from when it opened until it was over, or until now.</Hint>
    </FormGroup>
  );
}

function Chosen({ id, onOther }: { id: string; onOther: () => void }) {
  const { data, error } = useGetIncident(id);
  return (
    <FormGroup label="Incident" role="group" fieldId="report-incident">
      {data ? (
        <p className="reports-incident" dir="auto">
          <SeverityBadge severity={data.severity} /> <strong>{data.title}</strong>
        </p>
      ) : error ? (
        <InlineFailure error={error} what="The incident could not be read" />
      ) : (
        <Loading lines={1} label="Loading the incident" />
      )}
      <Button variant="link" isInline onClick={onOther}>
        Another incident
      </Button>
    </FormGroup>
  );
}

interface FoundProps {
  wanted: string;
  chosen: string | undefined;
  onChoose: (id: string) => void;
}

function Found({ wanted, chosen, onChoose }: FoundProps) {
  const { data, error } = useListIncidents(
    { page_size: MOST, state: Object.values(IncidentState), sort: "-last_signal_at", ...(wanted ? { q: wanted } : {}) },
    { query: { placeholderData: keepPreviousData } },
  );
  if (error && !data) return <InlineFailure error={error} what="The incidents could not be read" />;
  if (!data) return <Loading lines={3} label="Loading the incidents" />;
  if (data.items.length === 0) return <p className="quiet">{wanted ? "No incident has that in its title." : "There is no incident yet."}</p>;
  return (
    <div role="radiogroup" aria-label="Incidents" className="reports-found">
      {data.items.map((each) => (
        <One key={each.id} incident={each} isChosen={each.id === chosen} onChoose={() => onChoose(each.id)} />
      ))}
      {data.total > MOST ? <p className="hint">There are more: search by title.</p> : null}
    </div>
  );
}

function One({ incident, isChosen, onChoose }: { incident: IncidentView; isChosen: boolean; onChoose: () => void }) {
  const { id, title, severity, state, opened_at } = incident;
  return (
    <Radio
      id={`report-of-${id}`}
      name="report-of"
      isChecked={isChosen}
      onChange={onChoose}
      label={
        <span className="reports-incident" dir="auto">
          <SeverityBadge severity={severity} /> <strong>{title}</strong>
        </span>
      }
      description={
        <>
          {titled(state)} · opened <Ago at={opened_at} />
        </>
      }
    />
  );
}
