import { Button, Form, Modal, ModalBody, ModalFooter, ModalHeader, Radio } from "@patternfly/react-core";
import { keepPreviousData } from "@tanstack/react-query";
import { useId, useState } from "react";

import { SeverityBadge } from "@/components/badges";
import { SearchField } from "@/components/search-field";
import { InlineFailure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { CommentField } from "@/features/incidents/detail/comment-dialog";
import { clustersInWords, lastingInWords } from "@/features/incidents/shared/words";
import { useListIncidents } from "@/generated/api";
import type { IncidentDetail, IncidentView } from "@/generated/api.schemas";

/** Shown at once; to find others there is the search. */
const MOST = 20;

interface MergeDialogProps {
  incident: IncidentDetail;
  onDo: (other: string, comment: string) => void;
  onClose: () => void;
}

/** Chooses an open incident that is the same matter. */
export function MergeDialog({ incident, onDo, onClose }: MergeDialogProps) {
  const id = useId();
  const [wanted, setWanted] = useState("");
  const [other, setOther] = useState<string>();
  const [comment, setComment] = useState("");
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby={`${id}-title`}>
      <ModalHeader title="Merge into this incident" labelId={`${id}-title`} />
      <ModalBody>
        <Form
          id={`${id}-form`}
          onSubmit={(event) => {
            event.preventDefault();
            if (other !== undefined) onDo(other, comment.trim());
          }}
        >
          <p>Its signals belong to this incident from then on, and it ends. It cannot be taken back but by splitting.</p>
          <SearchField label="Find an open incident" value={wanted} onChange={setWanted} />
          <Others incident={incident} wanted={wanted} chosen={other} onChoose={setOther} />
          <CommentField id={`${id}-comment`} value={comment} onChange={setComment} />
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={`${id}-form`} variant="primary" isDisabled={other === undefined}>
          Merge
        </Button>
        <Button variant="link" onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

interface OthersProps {
  incident: IncidentDetail;
  wanted: string;
  chosen: string | undefined;
  onChoose: (id: string) => void;
}

function Others({ incident, wanted, chosen, onChoose }: OthersProps) {
  const { data, error } = useListIncidents(
    { page_size: MOST + 1, sort: "-last_signal_at", ...(wanted ? { q: wanted } : {}) },
    { query: { placeholderData: keepPreviousData } },
  );
  if (error && !data) return <InlineFailure error={error} what="The other incidents could not be read" />;
  if (!data) return <Loading lines={3} label="Loading the other incidents" />;
  const others = data.items.filter(({ id, redacted }) => id !== incident.id && !redacted).slice(0, MOST);
  if (others.length === 0) return <p className="quiet">{wanted ? "No other open incident has that in its title." : "No other incident is open."}</p>;
  return (
    <div role="radiogroup" aria-label="Open incidents" className="incidents-others">
      {others.map((each) => (
        <Other key={each.id} incident={each} isChosen={each.id === chosen} onChoose={() => onChoose(each.id)} />
      ))}
      {data.total > MOST + 1 ? <p className="hint">There are more: search by title.</p> : null}
    </div>
  );
}

function Other({ incident, isChosen, onChoose }: { incident: IncidentView; isChosen: boolean; onChoose: () => void }) {
  const { id, title, severity, clusters, signals, lasting, last_signal_at } = incident;
  return (
    <Radio
      id={`merge-${id}`}
      name="merge"
      isChecked={isChosen}
      onChange={onChoose}
      label={
        <span className="incidents-other">
          <SeverityBadge severity={severity} /> {title}
        </span>
      }
      description={
        <>
          {[clustersInWords(clusters), lastingInWords(signals, lasting)].filter(Boolean).join(" · ")} · last one{" "}
          <Ago at={last_signal_at} />
        </>
      }
    />
  );
}
