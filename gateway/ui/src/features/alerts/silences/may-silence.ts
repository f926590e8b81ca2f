import { useWhoAmI } from "@/generated/api";
import { useAsOf } from "@/lib/moment";

/** Why silences cannot be made or ended here; undefined if they can. */
export function useWhyNotSilence(): string | undefined {
  const { as_of } = useAsOf();
  const { data: me } = useWhoAmI({ query: { staleTime: Number.POSITIVE_INFINITY } });
  if (as_of !== undefined) return "The past cannot be changed: go back to live first";
  if (me !== undefined && me.role !== "admin" && me.role !== "operator") {
    return `Your role (${me.role}) may not change silences: an operator may`;
  }
  return undefined;
}
