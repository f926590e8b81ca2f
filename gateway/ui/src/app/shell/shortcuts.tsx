import { Button } from "@patternfly/react-core";
import { TimesIcon } from "@patternfly/react-icons";

import { keyName, SHORTCUTS, type Shortcut } from "@/app/keyboard/registry";
import { Dialog } from "@/app/shell/dialog";
import { pagesFor } from "@/lib/pages";
import { useRights } from "@/lib/rights";
import { useSettings } from "@/lib/settings";

const GROUPS = ["Anywhere", "Lists", "Go to", "Time machine"] as const;

/** What every key does. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const singleKeys = useSettings((settings) => settings.singleKeys);
  const pages = pagesFor(useRights());
  const leads = ({ to }: Shortcut) => to === undefined || pages.some((page) => page.to === to);
  return (
    <Dialog label="Keyboard shortcuts" className="shortcuts" onClose={onClose}>
      <div className="dialog-head">
        <h2>Keyboard shortcuts</h2>
        <Button variant="plain" aria-label="Close" icon={<TimesIcon />} onClick={onClose} />
      </div>
      <div className="dialog-scroll" tabIndex={0} role="region" aria-label="Shortcuts">
        {singleKeys ? null : <p className="hint">Single keys are off in Settings: only those with a modifier count.</p>}
        <div className="shortcuts-groups">
          {GROUPS.map((group) => (
            <section key={group} className="shortcuts-group">
              <h3>{group}</h3>
              <dl>
                {SHORTCUTS.filter((shortcut) => shortcut.group === group && leads(shortcut)).map(({ keys, does }) => (
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
          ))}
        </div>
        <p className="hint">No key does anything while you type. Single keys can be turned off in Settings.</p>
      </div>
    </Dialog>
  );
}
