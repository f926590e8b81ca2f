/** A registration as it stands in a form: all text, checked before it is sent. */

import type {
  Cluster,
  ClusterType,
  Endpoints,
  Environment,
  Platform,
  Registration,
} from "@/generated/api.schemas";
import { sentence } from "@/features/clusters/shared/sentence";
import { ApiError } from "@/lib/http";

export const BACKENDS = ["prometheus", "alertmanager", "loki", "tempo", "korrel8r"] as const;
export type Backend = (typeof BACKENDS)[number];
export const BACKEND_NAMES: Readonly<Record<Backend, string>> = {
  prometheus: "Prometheus",
  alertmanager: "Alertmanager",
  loki: "Loki",
  tempo: "Tempo",
  korrel8r: "Korrel8r",
};

export interface Draft {
  name: string;
  display_name: string;
  api_server_url: string;
  cluster_type: ClusterType;
  platform: Platform;
  environment: Environment;
  region: string;
  site: string;
  /** One `key=value` a line. */
  labels: string;
  endpoints: Readonly<Record<Backend, string>>;
}

/** By field what is wrong with it; endpoints as `endpoints.loki_url`. */
export type Problems = Readonly<Record<string, string>>;

export const EMPTY: Draft = {
  name: "",
  display_name: "",
  api_server_url: "",
  cluster_type: "SPOKE",
  platform: "OPENSHIFT",
  environment: "DEVELOPMENT",
  region: "",
  site: "hub",
  labels: "",
  endpoints: { prometheus: "", alertmanager: "", loki: "", tempo: "", korrel8r: "" },
};

export function draftOf(cluster: Cluster | Registration): Draft {
  const { endpoints = {}, labels = {} } = cluster;
  return {
    name: cluster.name,
    display_name: cluster.display_name ?? "",
    api_server_url: cluster.api_server_url,
    cluster_type: cluster.cluster_type ?? EMPTY.cluster_type,
    platform: cluster.platform ?? EMPTY.platform,
    environment: cluster.environment ?? EMPTY.environment,
    region: cluster.region ?? "",
    site: cluster.site ?? EMPTY.site,
    labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join("\n"),
    endpoints: {
      prometheus: endpoints.prometheus_url ?? "",
      alertmanager: endpoints.alertmanager_url ?? "",
      loki: endpoints.loki_url ?? "",
      tempo: endpoints.tempo_url ?? "",
      korrel8r: endpoints.korrel8r_url ?? "",
    },
  };
}

export function registrationOf(draft: Draft): Registration {
  const orNull = (text: string) => text.trim() || null;
  const endpoints: Endpoints = {
    prometheus_url: orNull(draft.endpoints.prometheus),
    alertmanager_url: orNull(draft.endpoints.alertmanager),
    loki_url: orNull(draft.endpoints.loki),
    tempo_url: orNull(draft.endpoints.tempo),
    korrel8r_url: orNull(draft.endpoints.korrel8r),
  };
  return {
    name: draft.name.trim(),
    display_name: orNull(draft.display_name),
    api_server_url: draft.api_server_url.trim(),
    cluster_type: draft.cluster_type,
    platform: draft.platform,
    environment: draft.environment,
    region: orNull(draft.region),
    site: draft.site.trim() || EMPTY.site,
    labels: Object.fromEntries(labelLines(draft.labels).map(split)),
    endpoints,
  };
}

const labelLines = (text: string): string[] =>
  text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== "");

function split(line: string): [string, string] {
  const at = line.indexOf("=");
  return at < 0 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

const PART = "[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?";
const NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const KEY = new RegExp(`^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?${PART}$`);
const VALUE = new RegExp(`^(${PART})?$`);
const SITE = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** What the hub would refuse, as far as it can be told here. */
export function problemsOf(draft: Draft): Problems {
  const found: [string, string | undefined][] = [
    ["name", nameProblem(draft.name.trim())],
    ["api_server_url", urlProblem(draft.api_server_url.trim()) ?? missing(draft.api_server_url)],
    ["labels", labelsProblem(draft.labels)],
    ["display_name", tooLong(draft.display_name)],
    ["region", tooLong(draft.region)],
    ["site", SITE.test(draft.site.trim() || "hub") ? undefined : "Up to 31 of a-z, 0-9 and -."],
    ...BACKENDS.map((each): [string, string | undefined] => [
      `endpoints.${each}_url`,
      urlProblem(draft.endpoints[each].trim()),
    ]),
  ];
  return Object.fromEntries(found.filter((each): each is [string, string] => each[1] !== undefined));
}

export function nameProblem(name: string): string | undefined {
  if (name === "") return "A name is needed.";
  return NAME.test(name)
    ? undefined
    : "3 to 63 of a-z, 0-9 and -; it begins and ends with a letter or digit.";
}

const missing = (url: string) =>
  url.trim() === "" ? "The address of its API server is needed." : undefined;
const tooLong = (text: string) => (text.length > 128 ? "At most 128 characters." : undefined);

function urlProblem(text: string): string | undefined {
  if (text === "") return undefined;
  if (!URL.canParse(text)) return "A whole URL, such as https://api.example.com:6443.";
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "It must begin with https://.";
  if (url.username || url.password) return "No user or password here: they belong to the credentials.";
  return url.hash === "" ? undefined : "Without #….";
}

function labelsProblem(text: string): string | undefined {
  const lines = labelLines(text);
  const bad = lines.find((line) => {
    const [key, value] = split(line);
    return !KEY.test(key) || !VALUE.test(value);
  });
  if (bad) return `“${bad}” is no Kubernetes label: write key=value.`;
  return lines.length > 64 ? "At most 64 labels." : undefined;
}

/** What the hub refused, at the fields that it names; the rest under `""`. */
export function refusedFields(error: Error | null): Problems {
  if (error === null) return {};
  if (!(error instanceof ApiError)) return { "": error.message };
  if (error.code === "CLUSTER_ALREADY_EXISTS") return { name: "Another cluster has this name." };
  const fields = error.details["fields"];
  if (!Array.isArray(fields) || fields.length === 0) return { "": error.message };
  return Object.fromEntries(
    (fields as { field: string; message: string }[]).map(({ field, message }) => [
      field.startsWith("labels") ? "labels" : field,
      sentence(message),
    ]),
  );
}
