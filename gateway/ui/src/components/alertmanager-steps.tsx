import { Snippet } from "@/components/snippet";

/** What goes into Alertmanager's configuration so that it posts to this hub; the token says of which cluster. */
export const alertmanagerYml = (hub: string): string => `route:
  receiver: aiops
receivers:
  - name: aiops
    webhook_configs:
      - url: ${hub}/api/v1/alerts/webhook
        send_resolved: true
        http_config:
          authorization:
            credentials_file: /path/to/alertmanager-token`;

/** Two steps of a list: how an Alertmanager is made to post here. `cluster`: its name. */
export function AlertmanagerSteps({ cluster = "NAME" }: { cluster?: string }) {
  return (
    <>
      <li>
        On the hub&apos;s machine, make a token that may post alerts of that cluster and do nothing else:
        <Snippet
          isCommand
          label="Command for the token"
          text={`aiops token create --role ingest --cluster ${cluster} --name alertmanager-${cluster} > alertmanager-token`}
        />
      </li>
      <li>
        In Alertmanager&apos;s <span className="mono">alertmanager.yml</span>, with the place of that file:
        <Snippet label="Configuration of Alertmanager" text={alertmanagerYml(location.origin)} />
      </li>
    </>
  );
}
