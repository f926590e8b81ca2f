/** How a cluster is logged in to: what is chosen in a form, and what of the form goes to the hub. */

import type { AuthType, Given, GivenBackend } from "@/generated/api.schemas";
import { BACKENDS, type Backend, type Problems } from "@/features/clusters/shared/draft";

/** `KEEP`: when others are rotated, the login to the API server stays. */
export type LoginKind = AuthType | "KEEP";
export type BackendKind = "none" | "same" | "token" | "basic";

/** What is chosen; the secrets themselves are in the form's fields alone. */
export interface LoginChoices {
  kind: LoginKind;
  backends: Readonly<Partial<Record<Backend, BackendKind>>>;
  insecure: boolean;
}

/** Most often the backends take the API server's own token, as OpenShift's monitoring does. */
export function usualBackend(kind: LoginKind): BackendKind {
  return kind === "SERVICE_ACCOUNT" ? "same" : "none";
}

/** What the form holds, as the hub takes it: only what was filled in. */
export function givenFrom(
  form: HTMLFormElement,
  { kind, backends, insecure }: LoginChoices,
  configured: readonly Backend[],
): Given {
  const fields = new FormData(form);
  const said = (name: string): string | undefined => {
    const value = fields.get(name);
    return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
  };
  const given: Given = {
    ...some({ ca_bundle: said("ca_bundle"), tls_server_name: said("tls_server_name") }),
    ...(insecure ? { insecure_skip_tls_verify: true } : {}),
    ...login(kind, said),
  };
  const logins = BACKENDS.filter((each) => configured.includes(each)).flatMap((each) => {
    const found = backendLogin(backends[each] ?? usualBackend(kind), each, said);
    return Object.keys(found).length > 0 ? [[each, found] as const] : [];
  });
  return logins.length > 0 ? { ...given, backends: Object.fromEntries(logins) } : given;
}

/** By field what the chosen login cannot do without. */
export function missingFrom({ auth_type: kind, token, kubeconfig, oidc }: Given): Problems {
  if (kind === "SERVICE_ACCOUNT" && !token) return { token: "A token is needed." };
  if (kind === "KUBECONFIG" && !kubeconfig) return { kubeconfig: "A kubeconfig is needed." };
  if (kind !== "OIDC") return {};
  return {
    ...(oidc?.issuer_url ? {} : { "oidc.issuer_url": "An issuer is needed." }),
    ...(oidc?.client_id ? {} : { "oidc.client_id": "A client is needed." }),
  };
}

type Said = (name: string) => string | undefined;

function login(kind: LoginKind, said: Said): Given {
  switch (kind) {
    case "KEEP":
      return {};
    case "SERVICE_ACCOUNT":
      return { auth_type: kind, ...some({ token: said("token") }) };
    case "KUBECONFIG":
      return { auth_type: kind, ...some({ kubeconfig: said("kubeconfig"), context: said("context") }) };
    case "OIDC":
      return {
        auth_type: kind,
        oidc: {
          issuer_url: said("oidc.issuer_url") ?? "",
          client_id: said("oidc.client_id") ?? "",
          ...some({
            client_secret: said("oidc.client_secret"),
            refresh_token: said("oidc.refresh_token"),
          }),
        },
      };
  }
}

function backendLogin(kind: BackendKind, name: Backend, said: Said): GivenBackend {
  const of = (field: string) => said(`backends.${name}.${field}`);
  const tenant = some({ tenant: of("tenant") });
  switch (kind) {
    case "none":
      return tenant;
    case "same":
      return { ...some({ token: said("token") }), ...tenant };
    case "token":
      return { ...some({ token: of("token") }), ...tenant };
    case "basic":
      return { ...some({ username: of("username"), password: of("password") }), ...tenant };
  }
}

function some<T extends Record<string, string | undefined>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
