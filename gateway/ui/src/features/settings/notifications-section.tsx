import { Alert, Button, Switch } from "@patternfly/react-core";
import { useState } from "react";

import { Row, Section } from "@/features/settings/section";
import { title } from "@/lib/format";
import { askPermission, permissionNow } from "@/lib/notifications";
import { useSettings, type Notified } from "@/lib/settings";

const SEVERITIES: readonly Notified[] = ["CRITICAL", "WARNING", "INFO"];

/** Of which alerts the browser tells, also while another window is in front. */
export function NotificationsSection() {
  const { notified, listed, set } = useSettings();
  const [permission, setPermission] = useState(permissionNow);
  const flip = async (severity: Notified, wanted: boolean) => {
    set({ notified: SEVERITIES.filter((each) => (each === severity ? wanted : notified.includes(each))) });
    if (wanted && permission === "default") setPermission(await askPermission());
  };
  return (
    <Section title="Notifications">
      <h3>In the list behind the bell</h3>
      <p className="hint">Incidents and alerts of these severities; causes, reports and lost clusters always.</p>
      {SEVERITIES.map((severity) => (
        <Row key={severity} label={title(severity)}>
          <Switch
            aria-label={`List ${severity.toLowerCase()} incidents and alerts`}
            isChecked={listed.includes(severity)}
            onChange={(_, checked) => set({ listed: SEVERITIES.filter((each) => (each === severity ? checked : listed.includes(each))) })}
          />
        </Row>
      ))}
      <h3>By the browser</h3>
      <p className="hint">
        When an alert begins to fire while this page is open in some tab. Several within 5 seconds come as one.
      </p>
      {permission === "unsupported" ? (
        <Alert isInline isPlain component="h4" variant="info" title="This browser has no notifications, or the page is not served by HTTPS." />
      ) : null}
      {permission === "denied" ? (
        <Alert isInline component="h4" variant="warning" title="The browser does not let this page notify">
          Allow notifications in its settings for this site (the sign left of the address), then load the page anew.
        </Alert>
      ) : null}
      {permission === "default" && notified.length > 0 ? (
        <Alert
          isInline
          component="h4"
          variant="info"
          title="The browser has not been asked yet"
          actionLinks={
            <Button variant="link" isInline onClick={() => void askPermission().then(setPermission)}>
              Allow notifications
            </Button>
          }
        />
      ) : null}
      {SEVERITIES.map((severity) => (
        <Row key={severity} label={title(severity)}>
          <Switch
            aria-label={`Notify of ${severity.toLowerCase()} alerts`}
            isChecked={notified.includes(severity)}
            isDisabled={permission === "unsupported" || permission === "denied"}
            onChange={(_, checked) => void flip(severity, checked)}
          />
        </Row>
      ))}
    </Section>
  );
}
