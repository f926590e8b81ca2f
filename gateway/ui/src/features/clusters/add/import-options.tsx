/** What all clusters of one import have in common. */

import { EMPTY, registrationOf, type Draft, type Problems } from "@/features/clusters/shared/draft";
import { ChoiceField, TextField } from "@/features/clusters/shared/fields";
import { ENVIRONMENTS, PLATFORMS, TYPE_HINTS, TYPES } from "@/features/clusters/shared/types";
import type { ImportRequest } from "@/generated/api.schemas";

export type Common = Pick<Draft, "cluster_type" | "platform" | "environment" | "region" | "labels">;

export const COMMON_DEFAULTS: Common = EMPTY;

/** As the hub takes it. */
export function commonOf(common: Common): Partial<ImportRequest> {
  const { cluster_type, platform, environment, region, labels } = registrationOf({ ...EMPTY, ...common });
  return { cluster_type, platform, environment, region, labels } as Partial<ImportRequest>;
}

interface CommonFieldsProps {
  common: Common;
  problems: Problems;
  onChange: (changed: Partial<Common>) => void;
}

export function CommonFields({ common, problems, onChange }: CommonFieldsProps) {
  return (
    <div className="clusters-fields">
      <ChoiceField
        id="cluster_type"
        label="Type"
        of={TYPES}
        value={common.cluster_type}
        hint={TYPE_HINTS[common.cluster_type]}
        onChange={(cluster_type) => onChange({ cluster_type })}
      />
      <ChoiceField
        id="platform"
        label="Platform"
        of={PLATFORMS}
        value={common.platform}
        onChange={(platform) => onChange({ platform })}
      />
      <ChoiceField
        id="environment"
        label="Environment"
        of={ENVIRONMENTS}
        value={common.environment}
        onChange={(environment) => onChange({ environment })}
      />
      <TextField
        id="region"
        label="Region"
        placeholder="eu-central-1"
        value={common.region}
        problem={problems["region"]}
        onChange={(region) => onChange({ region })}
      />
      <TextField
        id="labels"
        label="Labels"
        rows={2}
        placeholder="team=platform"
        hint="One key=value a line."
        value={common.labels}
        problem={problems["labels"]}
        onChange={(labels) => onChange({ labels })}
      />
    </div>
  );
}
