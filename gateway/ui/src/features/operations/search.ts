import { type Raw } from "@/lib/search";

export interface OperationsSearch {}

export function readOperationsSearch(_raw: Raw): OperationsSearch {
  return {};
}
