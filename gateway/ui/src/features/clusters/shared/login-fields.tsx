/** The fields of a login: to the API server, and to each backend that the cluster has. */

import { Checkbox, ExpandableSection, FormSection } from "@patternfly/react-core";

import { BACKEND_NAMES, type Backend, type Problems } from "@/features/clusters/shared/draft";
import { ChoiceField, SecretField } from "@/features/clusters/shared/fields";
import { usualBackend, type BackendKind, type LoginChoices, type LoginKind } from "@/features/clusters/shared/login";
import { TokenHelp } from "@/features/clusters/shared/token-help";

interface LoginFieldsProps {
  choices: LoginChoices;
  /** The backends with a URL. */
  configured: readonly Backend[];
  problems: Problems;
  /** Others replace what there is: what is not given stays. */
  rotates?: boolean;
  onChange: (changed: Partial<LoginChoices>) => void;
}

const KINDS: Readonly<Record<Exclude<LoginKind, "KEEP">, string>> = {
  SERVICE_ACCOUNT: "Token of a service account",
  KUBECONFIG: "Kubeconfig",
  OIDC: "OpenID Connect client",
};

export function LoginFields(props: LoginFieldsProps) {
  const { choices, configured, rotates = false, onChange } = props;
  const kinds = rotates ? { KEEP: "Stays as it is", ...KINDS } : KINDS;
  return (
    <>
      <FormSection title="The API server" titleElement="h3">
        <div className="clusters-fields">
          <ChoiceField<LoginKind>
            id="auth_type"
            label="Login"
            of={kinds as Readonly<Record<LoginKind, string>>}
            value={choices.kind}
            onChange={(kind) => onChange({ kind })}
          />
        </div>
        <ServerLogin {...props} />
      </FormSection>
      {configured.length > 0 ? (
        <FormSection title="Its backends" titleElement="h3">
          {configured.map((each) => (
            <BackendLogin key={each} backend={each} {...props} />
          ))}
        </FormSection>
      ) : null}
      <Trust {...props} />
    </>
  );
}

function ServerLogin({ choices, problems }: LoginFieldsProps) {
  switch (choices.kind) {
    case "KEEP":
      return null;
    case "SERVICE_ACCOUNT":
      return (
        <>
          <SecretField id="token" label="Token" isRequired rows={2} problem={problems["token"]} />
          <TokenHelp />
        </>
      );
    case "KUBECONFIG":
      return (
        <>
          <SecretField
            id="kubeconfig"
            label="Kubeconfig"
            isRequired
            rows={6}
            hint="With everything inside: no paths to files, no commands to run."
            problem={problems["kubeconfig"]}
          />
          <SecretField plain id="context" label="Context, if it has several" />
        </>
      );
    case "OIDC":
      return (
        <div className="clusters-fields">
          <SecretField plain id="oidc.issuer_url" label="Issuer URL" problem={problems["oidc.issuer_url"]} />
          <SecretField plain id="oidc.client_id" label="Client id" problem={problems["oidc.client_id"]} />
          <SecretField id="oidc.client_secret" label="Client secret" problem={problems["oidc.client_secret"]} />
          <SecretField
            id="oidc.refresh_token"
            label="Refresh token"
            hint="Without one the client logs in as itself."
            problem={problems["oidc.refresh_token"]}
          />
        </div>
      );
  }
}

function BackendLogin({ backend, choices, problems, rotates, onChange }: LoginFieldsProps & { backend: Backend }) {
  const kind = choices.backends[backend] ?? usualBackend(choices.kind);
  const kinds: Partial<Record<BackendKind, string>> = {
    none: rotates ? "Stays as it is" : "No login",
    ...(choices.kind === "SERVICE_ACCOUNT" ? { same: "The API server's token" } : {}),
    token: "Token of its own",
    basic: "User and password",
  };
  const at = `backends.${backend}`;
  return (
    <div className="clusters-fields">
      <ChoiceField<BackendKind>
        id={`${at}.kind`}
        label={BACKEND_NAMES[backend]}
        of={kinds as Readonly<Record<BackendKind, string>>}
        value={kind}
        problem={problems[at]}
        onChange={(next) => onChange({ backends: { ...choices.backends, [backend]: next } })}
      />
      {kind === "token" ? (
        <SecretField id={`${at}.token`} label={`${BACKEND_NAMES[backend]} token`} problem={problems[`${at}.token`]} />
      ) : null}
      {kind === "basic" ? (
        <>
          <SecretField plain id={`${at}.username`} label={`${BACKEND_NAMES[backend]} user`} problem={problems[`${at}.username`]} />
          <SecretField id={`${at}.password`} label={`${BACKEND_NAMES[backend]} password`} problem={problems[`${at}.password`]} />
        </>
      ) : null}
      {backend === "loki" || backend === "tempo" ? (
        <SecretField plain
          id={`${at}.tenant`}
          label={`${BACKEND_NAMES[backend]} tenant`}
          hint="Sent as X-Scope-OrgID, where it wants one."
          problem={problems[`${at}.tenant`]}
        />
      ) : null}
    </div>
  );
}

function Trust({ choices, problems, onChange }: LoginFieldsProps) {
  return (
    <ExpandableSection toggleText="Certificates that are not publicly trusted">
      <div className="clusters-login-trust">
        <SecretField
          id="ca_bundle"
          label="CA bundle (PEM)"
          rows={4}
          placeholder="-----BEGIN CERTIFICATE-----"
          hint="Trusted for every endpoint of this cluster."
          problem={problems["ca_bundle"]}
        />
        <SecretField plain
          id="tls_server_name"
          label="Name in the API server's certificate"
          hint="If it is another than that in the URL."
          problem={problems["tls_server_name"]}
        />
        <Checkbox
          id="insecure_skip_tls_verify"
          label="Do not check the API server's certificate"
          description="Whoever is on the way can read the token. Only for a try."
          isChecked={choices.insecure}
          onChange={(_, insecure) => onChange({ insecure })}
        />
      </div>
    </ExpandableSection>
  );
}
