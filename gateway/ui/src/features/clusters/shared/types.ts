/** What clusters are called by: types, environments and platforms as people say them. */

import type { ClusterType, Environment, Platform } from "@/generated/api.schemas";

export const TYPES: Readonly<Record<ClusterType, string>> = {
  HUB: "Hub",
  SPOKE: "Spoke",
  EDGE: "Edge",
  FAR_EDGE: "Far edge",
};
export const ENVIRONMENTS: Readonly<Record<Environment, string>> = {
  PRODUCTION: "Production",
  STAGING: "Staging",
  DEVELOPMENT: "Development",
  LAB: "Lab",
};
export const PLATFORMS: Readonly<Record<Platform, string>> = {
  OPENSHIFT: "OpenShift",
  KUBERNETES: "Kubernetes",
  MICROSHIFT: "MicroShift",
};
/** What the type decides, for those who choose one. */
export const TYPE_HINTS: Readonly<Record<ClusterType, string>> = {
  HUB: "checked every 15 s",
  SPOKE: "checked every 30 s",
  EDGE: "checked every 60 s",
  FAR_EDGE: "checked every 2 min; metrics only, no logs or traces",
};
