import { useMutation } from "@tanstack/react-query";

import { logout } from "@/generated/api";
import { sessionEnded } from "@/lib/session";

/** `everywhere`: every session of whoever is here, in all browsers. */
export type Where = "here" | "everywhere";

/** Ends the session on the hub; only when that has worked, here too: otherwise it would go on unseen. */
export function useLogOut() {
  return useMutation({
    mutationFn: (where: Where) => logout(where === "everywhere" ? { everywhere: true } : undefined),
    onSuccess: () => sessionEnded(true),
  });
}
