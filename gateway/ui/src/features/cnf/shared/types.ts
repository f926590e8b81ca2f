/** Types of network functions in words. */

import type { CnfType } from "@/generated/api.schemas";

/** As people write them, and what that stands for. */
export const TYPES: Readonly<Record<CnfType, readonly [short: string, long: string]>> = {
  VDU: ["vDU", "Virtual distributed unit"],
  VCU: ["vCU", "Virtual central unit"],
  UPF: ["UPF", "User plane function"],
  AMF: ["AMF", "Access and mobility management function"],
  SMF: ["SMF", "Session management function"],
  OTHER: ["Other", "A network function of another kind"],
};
