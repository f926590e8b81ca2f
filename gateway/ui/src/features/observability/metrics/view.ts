import type { VIEWS } from "@/features/observability/search";

export type View = (typeof VIEWS)[number];
