import { useMutation } from "@tanstack/react-query";

import { stepBack, stepForth } from "@/app/time-machine/steps";
import { useTravel } from "@/app/time-machine/use-travel";

export type Direction = "back" | "forth";

/** Goes from event to event: the instant is where each has just happened. */
export function useSteps() {
  const { as_of, go } = useTravel();
  const stepping = useMutation({
    mutationFn: async (direction: Direction) => {
      if (as_of === undefined) return undefined;
      return direction === "back" ? stepBack(as_of) : stepForth(as_of);
    },
    onSuccess: (at) => {
      if (at !== undefined) go(at, { replace: true });
    },
  });
  return {
    step: (direction: Direction) => {
      if (!stepping.isPending) stepping.mutate(direction);
    },
    /** The way in which there was none. */
    nothing: stepping.isSuccess && stepping.data === undefined ? stepping.variables : undefined,
    failure: stepping.error,
  };
}
