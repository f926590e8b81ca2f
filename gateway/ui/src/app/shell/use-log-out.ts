import { useMutation } from "@tanstack/react-query";

import { logout } from "@/generated/api";
import { sessionEnded } from "@/lib/session";

/** Ends the session on the hub; only when that has worked, here too: otherwise it would go on unseen. */
export function useLogOut() {
  return useMutation({ mutationFn: () => logout(), onSuccess: () => sessionEnded(true) });
}
