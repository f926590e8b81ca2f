/** The fields of a registration, for adding a cluster and for changing one. */

import { FormSection } from "@patternfly/react-core";

import {
  BACKEND_NAMES,
  BACKENDS,
  type Backend,
  type Draft,
  type Problems,
} from "@/features/clusters/shared/draft";
import { ChoiceField, TextField } from "@/features/clusters/shared/fields";
import { ENVIRONMENTS, PLATFORMS, TYPE_HINTS, TYPES } from "@/features/clusters/shared/types";

interface FieldsProps {
  draft: Draft;
  problems: Problems;
  disabled?: boolean;
  onChange: (changed: Partial<Draft>) => void;
}

const EXAMPLES: Readonly<Record<Backend, string>> = {
  prometheus: "https://thanos-querier.example.com",
  alertmanager: "https://alertmanager.example.com",
  loki: "https://loki.example.com",
  tempo: "https://tempo.example.com",
  korrel8r: "https://korrel8r.example.com",
};
const FOR_WHAT: Readonly<Record<Backend, string>> = {
  prometheus: "Metrics. Prometheus, Thanos Querier or anything that speaks their API.",
  alertmanager: "Alerts, and silences.",
  loki: "Logs.",
  tempo: "Traces.",
  korrel8r: "What belongs to an alert, asked while a root cause is looked for.",
};

export function RegistrationFields(props: FieldsProps) {
  return (
    <>
      <Identity {...props} />
      <Place {...props} />
      <EndpointFields {...props} />
    </>
  );
}

function Identity({ draft, problems, disabled, onChange }: FieldsProps) {
  return (
    <FormSection title="Which cluster" titleElement="h2">
      <div className="clusters-fields">
        <TextField
          id="name"
          label="Name"
          isRequired
          value={draft.name}
          problem={problems["name"]}
          hint="What it is called here, in queries and in links: a-z, 0-9 and -."
          disabled={disabled}
          onChange={(name) => onChange({ name })}
        />
        <TextField
          id="display_name"
          label="Display name"
          value={draft.display_name}
          problem={problems["display_name"]}
          disabled={disabled}
          onChange={(display_name) => onChange({ display_name })}
        />
        <TextField
          id="api_server_url"
          label="API server URL"
          isRequired
          wide
          type="url"
          placeholder="https://api.edge-berlin-1.example.com:6443"
          value={draft.api_server_url}
          problem={problems["api_server_url"]}
          hint="As the hub reaches it; oc whoami --show-server or kubectl cluster-info tells it."
          disabled={disabled}
          onChange={(api_server_url) => onChange({ api_server_url })}
        />
      </div>
    </FormSection>
  );
}

function Place({ draft, problems, disabled, onChange }: FieldsProps) {
  return (
    <FormSection title="What it is" titleElement="h2">
      <div className="clusters-fields">
        <ChoiceField
          id="cluster_type"
          label="Type"
          of={TYPES}
          value={draft.cluster_type}
          hint={TYPE_HINTS[draft.cluster_type]}
          disabled={disabled}
          onChange={(cluster_type) => onChange({ cluster_type })}
        />
        <ChoiceField
          id="platform"
          label="Platform"
          of={PLATFORMS}
          value={draft.platform}
          disabled={disabled}
          onChange={(platform) => onChange({ platform })}
        />
        <ChoiceField
          id="environment"
          label="Environment"
          of={ENVIRONMENTS}
          value={draft.environment}
          disabled={disabled}
          onChange={(environment) => onChange({ environment })}
        />
        <TextField
          id="region"
          label="Region"
          placeholder="eu-central-1"
          value={draft.region}
          problem={problems["region"]}
          disabled={disabled}
          onChange={(region) => onChange({ region })}
        />
        <TextField
          id="labels"
          label="Labels"
          rows={3}
          placeholder={"team=platform\ntier=gold"}
          value={draft.labels}
          problem={problems["labels"]}
          hint="One key=value a line."
          disabled={disabled}
          onChange={(labels) => onChange({ labels })}
        />
        <TextField
          id="site"
          label="Site"
          value={draft.site}
          problem={problems["site"]}
          hint="hub, or the far-edge site whose collector reaches it."
          disabled={disabled}
          onChange={(site) => onChange({ site })}
        />
      </div>
    </FormSection>
  );
}

export function EndpointFields({ draft, problems, disabled, onChange }: FieldsProps) {
  return (
    <FormSection title="Where its backends answer" titleElement="h2">
      <p className="hint">All optional, and can be added later: what has no URL is not asked.</p>
      <div className="clusters-fields">
        {BACKENDS.map((each) => (
          <TextField
            key={each}
            id={`endpoints.${each}_url`}
            label={`${BACKEND_NAMES[each]} URL`}
            type="url"
            placeholder={EXAMPLES[each]}
            value={draft.endpoints[each]}
            problem={problems[`endpoints.${each}_url`]}
            hint={FOR_WHAT[each]}
            disabled={disabled}
            onChange={(url) => onChange({ endpoints: { ...draft.endpoints, [each]: url } })}
          />
        ))}
      </div>
    </FormSection>
  );
}
