/** Queries to go back to, beside what was asked: a click asks one again. */

import "@/features/observability/library/library.css";

import { Button, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { LinkIcon, PlusIcon, TrashIcon } from "@patternfly/react-icons";
import { useState, type ReactNode } from "react";

import { Drawer } from "@/components/drawer";
import { FindField } from "@/components/find-field";
import type { QueryLanguage } from "@/components/query-editor/query-editor";
import { SaveQuery } from "@/features/observability/library/save-query";
import { useLibrary, type Saved } from "@/features/observability/library/store";
import type { AskedSearch } from "@/features/observability/search";
import { copyText } from "@/lib/copied";
import { useSetSearch } from "@/lib/place";
import { stringifySearch } from "@/lib/search";
import { Ago } from "@/components/timestamp";

interface LibraryDrawerProps {
  tab: "recent" | "saved";
  language: QueryLanguage;
  /** What can be kept by a name here; without it that is done elsewhere. */
  query?: string;
  /** The letter of the panel that a click is for; without it there is only one. */
  into?: string | undefined;
  onRun: (query: string) => void;
  /** In a panel of its own; false: there is no room for another; without it there is but one. */
  onAdd?: ((query: string) => void) | false;
}

export function LibraryDrawer({ tab, language, query: current, into, onRun, onAdd }: LibraryDrawerProps) {
  const setSearch = useSetSearch<AskedSearch>();
  const { recent, saved, forget, save, remove } = useLibrary(language);
  const [wanted, setWanted] = useState("");
  const [saving, setSaving] = useState(false);
  const [removed, setRemoved] = useState<Saved>();
  const has = (...texts: string[]) => texts.some((each) => each.toLowerCase().includes(wanted.trim().toLowerCase()));
  const rows = {
    recent: recent.filter(({ query }) => has(query)),
    saved: saved.filter(({ query, name }) => has(query, name)),
  };
  return (
    <Drawer title="Queries" label="Queries" onClose={() => setSearch({ library: undefined })}>
      <ToggleGroup aria-label="Which queries">
        {(["recent", "saved"] as const).map((each) => (
          <ToggleGroupItem
            key={each}
            buttonId={`library-${each}`}
            text={each === "recent" ? "Recent" : `Saved (${saved.length})`}
            isSelected={tab === each}
            onChange={() => setSearch({ library: each }, { replace: true })}
          />
        ))}
      </ToggleGroup>
      <div className="library">
        <FindField label="Find a query" value={wanted} onChange={setWanted} />
        {current ? (
          <div>
            <Button variant="secondary" size="sm" onClick={() => setSaving(true)}>
              Save by a name…
            </Button>
          </div>
        ) : null}
        {into === undefined ? null : <p className="hint">A click asks it in query {into}.</p>}
        <p aria-live="polite" className="library-undo">
          {removed ? (
            <>
              Removed “{removed.name}”.{" "}
              <Button
                variant="link"
                isInline
                onClick={() => {
                  save(removed.name, removed.query);
                  setRemoved(undefined);
                }}
              >
                Undo
              </Button>
            </>
          ) : null}
        </p>
        <ul className="plain">
          {tab === "recent"
            ? rows.recent.map(({ query, at }) => (
                <Entry key={query} query={query} onRun={onRun} onAdd={onAdd}>
                  <Ago at={new Date(at).toISOString()} />
                </Entry>
              ))
            : rows.saved.map((each) => (
                <Entry
                  key={each.name}
                  query={each.query}
                  name={each.name}
                  onRun={onRun}
                  onAdd={onAdd}
                  onRemove={() => {
                    remove(each.name);
                    setRemoved(each);
                  }}
                />
              ))}
        </ul>
        {rows[tab].length === 0 ? <p className="hint">{nothing(tab, wanted)}</p> : null}
        {tab === "recent" && recent.length > 0 ? (
          <Button variant="link" isInline onClick={forget}>
            Forget all recent queries
          </Button>
        ) : null}
      </div>
      {saving && current ? <SaveQuery language={language} query={current} onClose={() => setSaving(false)} /> : null}
    </Drawer>
  );
}

function nothing(tab: "recent" | "saved", wanted: string): string {
  if (wanted.trim() !== "") return "No query has these words.";
  return tab === "recent"
    ? "Nothing was asked in this browser yet: run a query, and it stands here."
    : "Nothing is saved in this browser yet: run a query, then save it here by a name.";
}

interface EntryProps {
  query: string;
  name?: string;
  onRun: (query: string) => void;
  onAdd: LibraryDrawerProps["onAdd"];
  onRemove?: () => void;
  children?: ReactNode;
}

function Entry({ query, name, onRun, onAdd, onRemove, children }: EntryProps) {
  const called = name ?? query;
  return (
    <li className="library-entry">
      <button type="button" className="library-run" onClick={() => onRun(query)}>
        {name === undefined ? null : <span className="library-name">{name}</span>}
        <code>{query}</code>
        {children === undefined ? null : <span className="hint">{children}</span>}
      </button>
      {onAdd === undefined ? null : (
        <Button
          variant="plain"
          size="sm"
          icon={<PlusIcon />}
          isDisabled={onAdd === false}
          aria-label={`Add ${called} as another query`}
          onClick={onAdd === false ? undefined : () => onAdd(query)}
        />
      )}
      {name === undefined ? null : <CopyLink query={query} name={name} />}
      {onRemove ? (
        <Button variant="plain" size="sm" icon={<TrashIcon />} aria-label={`Remove ${called}`} onClick={onRemove} />
      ) : null}
    </li>
  );
}

/** A link by which somebody else has the query too. */
function CopyLink({ query, name }: { query: string; name: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(`${location.origin}${location.pathname}${stringifySearch({ query })}`);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <Button
      variant="plain"
      size="sm"
      icon={<LinkIcon />}
      aria-label={copied ? `Link to ${name} copied` : `Copy a link to ${name}`}
      onClick={() => void copy()}
    />
  );
}
