import { SearchInput } from "@patternfly/react-core";
import { useState } from "react";

interface ActorFieldProps {
  actor: string | undefined;
  onChange: (actor: string | undefined) => void;
}

/** Whose doings are shown; asked for when the name is whole, as no part of one is found. */
export function ActorField({ actor, onChange }: ActorFieldProps) {
  const [typed, setTyped] = useState<string>();
  const done = (name: string) => {
    setTyped(undefined);
    if (name.trim() !== (actor ?? "")) onChange(name.trim() || undefined);
  };
  return (
    <SearchInput
      className="audit-actor-field"
      aria-label="Who: the whole name"
      placeholder="Who: the whole name"
      value={typed ?? actor ?? ""}
      onChange={(_, next) => setTyped(next)}
      onSearch={(_, name) => done(name)}
      onClear={() => done("")}
      onBlur={() => {
        if (typed !== undefined) done(typed);
      }}
    />
  );
}
