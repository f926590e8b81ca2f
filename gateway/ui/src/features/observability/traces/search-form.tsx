/** Which traces are searched for: by their parts, or in TraceQL. */

import {
  Button,
  Checkbox,
  FormGroup,
  Label,
  LabelGroup,
  TextInput,
} from "@patternfly/react-core";
import { useId, useState, type ReactNode } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { QueryEditor } from "@/components/query-editor/query-editor";
import { useDraft } from "@/features/observability/draft";
import { isTag, traceqlOf } from "@/features/observability/traces/traceql";
import { useSteadyScope } from "@/features/observability/traces/use-traces";
import type { TracesSearch } from "@/features/observability/search";
import { useListTraceOperations, useListTraceServices } from "@/generated/api";
import { useNow } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";

const NOBODY: readonly string[] = [];
const STEADY = { staleTime: 300_000 };

export function SearchForm({ onAgain, refused }: { onAgain: () => void; refused: string | undefined }) {
  const search = useSearch<TracesSearch>();
  const setSearch = useSetSearch<TracesSearch>();
  const { clusters = NOBODY } = search;
  return (
    <section className="traces-form" aria-label="Search" data-filter>
      <ClusterPicker
        chosen={clusters}
        onChange={(chosen) => setSearch({ clusters: chosen.length > 0 ? chosen : undefined })}
      />
      {search.query === undefined ? (
        <Parts search={search} onAgain={onAgain} />
      ) : (
        <Written query={search.query} onAgain={onAgain} refused={refused} />
      )}
      <OpenById onOpen={(trace) => setSearch({ trace, span: undefined })} />
    </section>
  );
}

function Written({ query, onAgain, refused }: { query: string; onAgain: () => void; refused: string | undefined }) {
  const setSearch = useSetSearch<TracesSearch>();
  const [draft, setDraft] = useDraft(query);
  const run = (text: string) => (text.trim() === query ? onAgain() : setSearch({ query: text.trim() || undefined }));
  return (
    <>
      <div className="traces-form-query">
        <QueryEditor
          language="traceql"
          label="TraceQL"
          value={draft}
          onChange={setDraft}
          onRun={run}
          error={refused !== undefined && draft === query ? { message: refused } : undefined}
        />
      </div>
      <Button onClick={() => run(draft)}>Search</Button>
      <Button variant="link" onClick={() => setSearch({ query: undefined })}>
        Back to the form
      </Button>
    </>
  );
}

function Parts({ search, onAgain }: { search: TracesSearch; onAgain: () => void }) {
  const setSearch = useSetSearch<TracesSearch>();
  const scope = useSteadyScope(search.clusters ?? [], useNow(60_000));
  const services = useListTraceServices(scope, { query: STEADY });
  const operations = useListTraceOperations(
    { ...scope, ...(search.service ? { service_name: search.service } : {}) },
    { query: STEADY },
  );
  const set = (changed: Partial<TracesSearch>) => setSearch(changed);
  return (
    <>
      <Named
        label="Service"
        value={search.service}
        offered={services.data?.data ?? []}
        onChange={(service) => set({ service, operation: undefined })}
      />
      <Named
        label="Operation"
        value={search.operation}
        offered={operations.data?.data ?? []}
        onChange={(operation) => set({ operation })}
      />
      <Tags tags={search.tag ?? []} onChange={(tag) => set({ tag: tag.length > 0 ? tag : undefined })} />
      <Milliseconds label="At least" value={search.min} onChange={(min) => set({ min })} />
      <Milliseconds label="At most" value={search.max} onChange={(max) => set({ max })} />
      <Checkbox
        id="traces-errors"
        label="With errors only"
        isChecked={search.errors === true}
        onChange={(_, checked) => set({ errors: checked || undefined })}
      />
      <Button onClick={onAgain}>Search</Button>
      <Button variant="link" onClick={() => set({ query: traceqlOf(search) })}>
        Write TraceQL
      </Button>
    </>
  );
}

interface NamedProps {
  label: string;
  value: string | undefined;
  offered: readonly string[];
  onChange: (value: string | undefined) => void;
}

/** A name of those that there are, or one with `*` in it; it counts when one leaves the field or presses Enter. */
function Named({ label, value = "", offered, onChange }: NamedProps) {
  const list = useId();
  return (
    <Committed label={label} value={value} onCommit={(text) => onChange(text || undefined)}>
      {(field) => (
        <>
          <TextInput {...field} list={list} placeholder="any" autoComplete="off" />
          <datalist id={list}>
            {offered.slice(0, 1_000).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </datalist>
        </>
      )}
    </Committed>
  );
}

function Milliseconds({ label, value, onChange }: { label: string; value: number | undefined; onChange: (value: number | undefined) => void }) {
  const commit = (text: string) => {
    const read = Number(text);
    onChange(text.trim() === "" || !Number.isFinite(read) || read < 0 ? undefined : Math.round(read));
  };
  return (
    <Committed label={`${label} (ms)`} value={value === undefined ? "" : String(value)} onCommit={commit}>
      {(field) => <TextInput {...field} type="number" min={0} className="traces-form-number" placeholder="any" />}
    </Committed>
  );
}

interface Field {
  id: string;
  value: string;
  onChange: (event: unknown, value: string) => void;
  onBlur: () => void;
  onKeyDown: (event: { key: string }) => void;
}

/** A field whose text counts once it is whole. */
function Committed({
  label,
  value,
  onCommit,
  children,
}: {
  label: string;
  value: string;
  onCommit: (text: string) => void;
  children: (field: Field) => ReactNode;
}) {
  const id = useId();
  const [draft, setDraft] = useDraft(value);
  const commit = () => (draft.trim() === value ? undefined : onCommit(draft.trim()));
  return (
    <FormGroup label={label} fieldId={id} className="traces-form-field">
      {children({
        id,
        value: draft,
        onChange: (_, text) => setDraft(text),
        onBlur: commit,
        onKeyDown: ({ key }) => (key === "Enter" ? commit() : undefined),
      })}
    </FormGroup>
  );
}

function Tags({ tags, onChange }: { tags: readonly string[]; onChange: (tags: string[]) => void }) {
  const id = useId();
  const [draft, setDraft] = useState("");
  const bad = draft.trim() !== "" && !isTag(draft.trim());
  const add = () => {
    if (draft.trim() === "" || bad) return;
    onChange([...new Set([...tags, draft.trim()])]);
    setDraft("");
  };
  return (
    <FormGroup label="Tag" fieldId={id} className="traces-form-field">
      <TextInput
        id={id}
        value={draft}
        placeholder="http.route=/cart"
        validated={bad && draft.includes("=") ? "error" : "default"}
        onChange={(_, text) => setDraft(text)}
        onKeyDown={({ key }) => (key === "Enter" ? add() : undefined)}
        onBlur={add}
      />
      {tags.length > 0 ? (
        <LabelGroup aria-label="Tags">
          {tags.map((tag) => (
            <Label key={tag} isCompact onClose={() => onChange(tags.filter((each) => each !== tag))}>
              {tag}
            </Label>
          ))}
        </LabelGroup>
      ) : null}
    </FormGroup>
  );
}

/** Somebody has the id of a trace from elsewhere. */
function OpenById({ onOpen }: { onOpen: (trace: string) => void }) {
  const [text, setText] = useState("");
  const found = /^[0-9a-f]{1,32}$/i.test(text.trim()) ? text.trim().toLowerCase() : undefined;
  return (
    <form
      className="traces-form-id"
      onSubmit={(event) => {
        event.preventDefault();
        if (found) onOpen(found);
      }}
    >
      <TextInput
        aria-label="Trace ID"
        value={text}
        placeholder="Trace ID, in hex"
        validated={text.trim() !== "" && !found ? "error" : "default"}
        onChange={(_, value) => setText(value)}
      />
      <Button type="submit" variant="secondary" isDisabled={!found}>
        Open
      </Button>
    </form>
  );
}
