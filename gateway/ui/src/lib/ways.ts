/** How one logs in at this hub. */

import { useGetLoginWays } from "@/generated/api";

/** True where nobody has to log in, and so nobody can log out; false until the hub has said so. */
export function useIsOpenToAll(): boolean {
  const { data } = useGetLoginWays({ query: { staleTime: Number.POSITIVE_INFINITY } });
  return data?.mode === "none";
}
