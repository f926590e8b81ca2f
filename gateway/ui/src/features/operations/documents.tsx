import { Button, Popover } from "@patternfly/react-core";
import { ExternalLinkAltIcon, QuestionCircleIcon } from "@patternfly/react-icons";

/** Where else to look: the API's own pages, and the dashboard for those who have Grafana. */
export function Documents() {
  return (
    <>
      <OtherPage href="/docs">REST API</OtherPage>
      <OtherPage href="/asyncapi">Events and stream</OtherPage>
      <Popover
        aria-label="In Grafana"
        showClose={false}
        position="bottom-end"
        bodyContent={
          <p>
            The dashboard <strong>AIOps NextGen: the platform itself</strong> shows these figures over time, from what
            each process tells at <code>/metrics</code>. Import <code>deploy/grafana/aiops-platform.json</code> of this
            release.
          </p>
        }
      >
        <Button variant="plain" icon={<QuestionCircleIcon />}>
          Grafana
        </Button>
      </Popover>
    </>
  );
}

function OtherPage({ href, children }: { href: string; children: string }) {
  return (
    <Button
      variant="link"
      component="a"
      href={href}
      target="_blank"
      rel="noreferrer"
      icon={<ExternalLinkAltIcon />}
      iconPosition="end"
    >
      {children}
      <span className="visually-hidden"> (opens another tab)</span>
    </Button>
  );
}
