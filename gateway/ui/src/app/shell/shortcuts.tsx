import { Button } from "@patternfly/react-core";
import { TimesIcon } from "@patternfly/react-icons";

import { useState } from "react";

import { keyName, SHORTCUTS, type Shortcut } from "@/app/keyboard/registry";
import { Dialog } from "@/app/shell/dialog";
import { pageActions } from "@/lib/page-actions";
import { pagesFor } from "@/lib/pages";
import { useRights } from "@/lib/rights";
import { useSettings } from "@/lib/settings";

const GROUPS = ["Anywhere", "Lists", "Go to", "Time"] as const;

interface Row {
  keys: Shortcut["keys"];
  does: string;
}

/** What the page that lies below does now, in its own words. */
const onPage = (): Row[] => {
  const actions = pageActions();
  return SHORTCUTS.flatMap(({ keys, action }) => {
    const found = actions.find(({ name }) => name === action);
    return found ? [{ keys, does: found.title }] : [];
  });
};

/** What every key does. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const singleKeys = useSettings((settings) => settings.singleKeys);
  const pages = pagesFor(useRights());
  const leads = ({ to }: Shortcut) => to === undefined || pages.some((page) => page.to === to);
  const [here] = useState(onPage);
  return (
    <Dialog label="Keyboard shortcuts" className="shortcuts" onClose={onClose}>
      <div className="dialog-head">
        <h2>Keyboard shortcuts</h2>
        <Button variant="plain" aria-label="Close" icon={<TimesIcon />} onClick={onClose} />
      </div>
      <div className="dialog-scroll" tabIndex={0} role="region" aria-label="Shortcuts">
        {singleKeys ? null : <p className="hint">Single keys are off in Settings: only those with a modifier count.</p>}
        <div className="shortcuts-groups">
          <Group title="This page" rows={here} />
          {GROUPS.map((group) => (
            <Group key={group} title={group} rows={SHORTCUTS.filter((shortcut) => shortcut.group === group && leads(shortcut))} />
          ))}
          <Group title="On other pages" rows={SHORTCUTS.filter(({ group, keys }) => group === "This page" && !here.some((row) => row.keys === keys))} />
        </div>
        <p className="hint">No key does anything while you type. Single keys can be turned off in Settings.</p>
      </div>
    </Dialog>
  );
}

function Group({ title, rows }: { title: string; rows: readonly Row[] }) {
  if (rows.length === 0) return null;
  return (
    <section className="shortcuts-group">
      <h3>{title}</h3>
      <dl>
        {rows.map(({ keys, does }) => (
          <div key={does} className="shortcuts-row">
            <dt>{does}</dt>
            <dd>
              {keys.map((key) => (
                <kbd key={key}>{keyName(key)}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
