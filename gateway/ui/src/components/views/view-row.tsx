import { Button, Form, TextInput } from "@patternfly/react-core";
import { LinkIcon, PencilAltIcon, StarIcon, OutlinedStarIcon, TrashIcon } from "@patternfly/react-icons";
import { useEffect, useRef, useState } from "react";

import { ViewWords } from "@/components/views/view-words";
import { useCopied } from "@/lib/copied";
import { PageLink, useHref } from "@/lib/place";
import { LONGEST_NAME, titleOf, toOpen, useViews, type View } from "@/lib/views";

interface ViewRowProps {
  view: View;
  /** It was followed. */
  onOpened: () => void;
  onRemove: () => void;
  /** Its link takes the focus, once nobody writes its name. */
  takesFocus: boolean;
  /** Somebody begins to rename it, or has ended that by a key: it is called so now. */
  onRename: (name: string | undefined) => void;
}

/** One view among all, and what can be done with it. */
export function ViewRow({ view, onOpened, onRemove, takesFocus, onRename }: ViewRowProps) {
  const { rename, openWith } = useViews();
  const [typed, setTyped] = useState<string>();
  const row = useRef<HTMLLIElement>(null);
  const isRenaming = typed !== undefined;
  useEffect(() => {
    if (takesFocus && !isRenaming) row.current?.querySelector("a")?.focus();
  }, [takesFocus, isRenaming]);
  const [said, copy] = useCopied();
  const hrefOf = useHref();
  const page = titleOf(view.path);
  const keep = () => {
    const name = typed?.trim() || view.name;
    if (name !== view.name) rename(view, name);
    setTyped(undefined);
    return name;
  };
  return (
    <li className="views-row" ref={row}>
      {isRenaming ? (
        <Rename
          name={view.name}
          typed={typed}
          onType={setTyped}
          onLeave={keep}
          onKeep={() => onRename(keep())}
          onCancel={() => {
            setTyped(undefined);
            onRename(view.name);
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
        aria-pressed={isRenaming}
        title="Rename"
        // Else the name would be left, and kept, before the click, which would begin anew.
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => {
          onRename(isRenaming ? keep() : undefined);
          if (!isRenaming) setTyped(view.name);
        }}
      />
      <Button variant="plain" size="sm" icon={<TrashIcon />} aria-label={`Delete ${view.name}`} title="Delete" onClick={onRemove} />
    </li>
  );
}

interface RenameProps {
  name: string;
  typed: string;
  onType: (typed: string) => void;
  onKeep: () => void;
  onLeave: () => void;
  onCancel: () => void;
}

/** Enter keeps it, and so does going elsewhere; Escape does not. */
function Rename({ name, typed, onType, onKeep, onLeave, onCancel }: RenameProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <Form
      className="views-link"
      onSubmit={(event) => {
        event.preventDefault();
        onKeep();
      }}
    >
      <TextInput
        aria-label={`New name of ${name}`}
        ref={field}
        value={typed}
        maxLength={LONGEST_NAME}
        onChange={(_, value) => onType(value)}
        onBlur={onLeave}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onCancel();
        }}
      />
    </Form>
  );
}
