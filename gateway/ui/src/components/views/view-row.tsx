import { Button, Form, TextInput } from "@patternfly/react-core";
import { LinkIcon, PencilAltIcon, StarIcon, OutlinedStarIcon, TrashIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { ViewWords } from "@/components/views/view-words";
import { useCopied } from "@/lib/copied";
import { PageLink, useHref } from "@/lib/place";
import { LONGEST_NAME, titleOf, toOpen, useViews, type View } from "@/lib/views";

interface ViewRowProps {
  view: View;
  /** It was followed. */
  onOpened: () => void;
  onRemove: () => void;
}

/** One view among all, and what can be done with it. */
export function ViewRow({ view, onOpened, onRemove }: ViewRowProps) {
  const { rename, openWith } = useViews();
  const [renaming, setRenaming] = useState(false);
  const [said, copy] = useCopied();
  const hrefOf = useHref();
  const page = titleOf(view.path);
  return (
    <li className="views-row">
      {renaming ? (
        <Rename
          name={view.name}
          onDone={(name) => {
            if (name !== view.name) rename(view, name);
            setRenaming(false);
          }}
        />
      ) : (
        <span className="views-link">
          <PageLink to={view.path} search={toOpen(view)} onClick={onOpened}>
            {view.name}
          </PageLink>
          <ViewWords search={view.search} />
        </span>
      )}
      <Button
        variant="plain"
        size="sm"
        icon={view.isDefault ? <StarIcon /> : <OutlinedStarIcon />}
        aria-pressed={view.isDefault}
        aria-label={`Open ${page} with ${view.name}`}
        title={view.isDefault ? `${page} opens with it` : `Open ${page} with it`}
        onClick={() => openWith(view.path, view.isDefault ? undefined : view.name)}
      />
      <Button
        variant="plain"
        size="sm"
        icon={<LinkIcon />}
        aria-label={said === undefined ? `Copy a link to ${view.name}` : `${said}: link to ${view.name}`}
        title={said ?? "Copy a link"}
        onClick={() => void copy(location.origin + hrefOf(view.path, { ...toOpen(view), as_of: undefined }))}
      />
      <Button
        variant="plain"
        size="sm"
        icon={<PencilAltIcon />}
        aria-label={`Rename ${view.name}`}
        title="Rename"
        onClick={() => setRenaming(!renaming)}
      />
      <Button variant="plain" size="sm" icon={<TrashIcon />} aria-label={`Delete ${view.name}`} title="Delete" onClick={onRemove} />
    </li>
  );
}

/** Enter keeps it, and so does going elsewhere; Escape does not. */
function Rename({ name, onDone }: { name: string; onDone: (name: string) => void }) {
  const [typed, setTyped] = useState(name);
  const done = () => onDone(typed.trim() === "" ? name : typed.trim());
  return (
    <Form
      className="views-link"
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      <TextInput
        aria-label={`New name of ${name}`}
        ref={(field) => field?.focus()}
        value={typed}
        maxLength={LONGEST_NAME}
        onChange={(_, value) => setTyped(value)}
        onBlur={done}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onDone(name);
        }}
      />
    </Form>
  );
}
