import { ClipboardCopy } from "@patternfly/react-core";

import { Section } from "@/features/settings/section";

const COMMANDS: readonly [string, string][] = [
  ["For scripts and Grafana; shown once", "aiops token create --role admin --name grafana --days 90"],
  ["For an Alertmanager that sends alerts of one cluster", "aiops token create --role ingest --cluster CLUSTER"],
  ["Every token, without its secret", "aiops token list"],
  ["Worthless from now on", "aiops token revoke TOKEN_ID"],
];

/** How programs log in. */
export function TokensSection() {
  return (
    <Section title="API tokens">
      <p className="hint">Tokens are made on the machine of the hub, so that no browser ever holds one.</p>
      <ul className="plain settings-commands">
        {COMMANDS.map(([does, command]) => (
          <li key={command}>
            <div>{does}</div>
            <ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied" textAriaLabel={does}>
              {command}
            </ClipboardCopy>
          </li>
        ))}
      </ul>
    </Section>
  );
}
