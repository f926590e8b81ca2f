import { Facts } from "@/components/facts";
import { Section } from "@/features/settings/section";
import { count } from "@/lib/format";
import { useLiveState, type Connection } from "@/lib/live";

import { version } from "../../../package.json";

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Lost; it is being made anew",
  refused: "Refused by the hub",
};

/** Which version this is, and where it is written up. */
export function AboutSection() {
  const { connection, sequence } = useLiveState();
  const link = (to: string, words: string) => (
    <a href={to} target="_blank" rel="noopener">
      {words}
    </a>
  );
  return (
    <Section title="About">
      <Facts
        of={[
          ["Version", <span key="version" className="numbers">{version}</span>],
          ["Licence", "Apache-2.0"],
          ["Live connection", CONNECTIONS[connection]],
          ["Up to event", sequence === null ? undefined : <span key="event" className="numbers">{count(sequence)}</span>],
        ]}
      />
      <p className="settings-links">
        {link("/docs", "REST API")}
        {link("/asyncapi", "Events and commands")}
        {link("/ui/third-party.txt", "Licences of what the UI is made of")}
      </p>
    </Section>
  );
}
