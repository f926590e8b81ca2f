import "@/app/palette/palette.css";

import { useRouter } from "@tanstack/react-router";
import { Command } from "cmdk";
import { useMemo, useState, type KeyboardEvent } from "react";

import { find, type Entry } from "@/app/palette/find";
import { useRecent } from "@/app/palette/recent";
import { useEntries } from "@/app/palette/use-entries";
import { useOverlay } from "@/app/shell/overlay";
import { Dialog } from "@/app/shell/dialog";
import { useGo } from "@/lib/place";

/** Search for anything, go there or do it. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState(() => useOverlay.getState().typed);
  const [selected, setSelected] = useState("");
  const { ids, chosen } = useRecent();
  const [recent] = useState(ids);
  const entries = useEntries(typed);
  const router = useRouter();
  const go = useGo();
  const found = useMemo(() => find(entries, typed, recent), [entries, typed, recent]);

  const pick = (entry: Entry) => {
    chosen(entry.id);
    onClose();
    if (entry.to !== undefined) go(entry.to, entry.search);
    else entry.run?.();
  };
  const openBeside = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const entry = entries.find(({ id }) => id === selected);
    if (entry?.to === undefined) return;
    chosen(entry.id);
    const { href } = router.buildLocation({ to: entry.to, search: entry.search ?? {} } as never);
    window.open(href, "_blank", "noopener");
  };

  return (
    <Dialog label="Search or go to" className="palette" onClose={onClose}>
      <Command
        label="Search or go to"
        shouldFilter={false}
        vimBindings={false}
        value={selected}
        onValueChange={setSelected}
        onKeyDown={openBeside}
      >
        <Command.Input
          value={typed}
          onValueChange={setTyped}
          placeholder="A page, cluster, node, alert, id, query, action, or a question"
        />
        <Command.List label="What was found">
          {found.length === 0 ? (
            <p className="palette-none" role="presentation">
              Nothing is called like that.
            </p>
          ) : null}
          {found.map(({ group, entries, more }) => (
            <Command.Group key={group} heading={more > 0 ? `${group}, ${more} more` : group}>
              {entries.map((entry) => (
                <Command.Item key={entry.id} value={entry.id} onSelect={() => pick(entry)}>
                  <span className="palette-title">{entry.title}</span>
                  {entry.hint === undefined ? null : <span className="palette-hint numbers">{entry.hint}</span>}
                  {entry.keys === undefined ? null : <kbd>{entry.keys}</kbd>}
                </Command.Item>
              ))}
            </Command.Group>
          ))}
        </Command.List>
      </Command>
      <p className="palette-foot">
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> choose
        </span>
        <span>
          <kbd>Enter</kbd> go
        </span>
        <span>
          <kbd>Ctrl Enter</kbd> in a new tab
        </span>
        <span>
          <kbd>:</kbd> places, as <kbd>:pod</kbd>
        </span>
        <span>
          <kbd>&gt;</kbd> actions
        </span>
        <span>
          <kbd>?</kbd> questions
        </span>
      </p>
    </Dialog>
  );
}
