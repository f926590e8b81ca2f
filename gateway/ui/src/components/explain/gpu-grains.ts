import type { Unit } from "@/components/chart/units";

/** What tells of GPUs knows no less of each unit; memory stands in bytes. */
export const GPU_GRAINS: Partial<Record<Unit, number>> = { percent: 1, celsius: 1, watts: 1, megahertz: 15, bytes: 16 * 1_048_576, "bytes/s": 1_048_576 };
