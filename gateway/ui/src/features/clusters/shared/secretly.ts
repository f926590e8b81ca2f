/** Writes that carry secrets: what is sent stays out of every cache, and is let go of once it is sent. */

import { useMutation } from "@tanstack/react-query";
import { useRef } from "react";

interface Done<Answer> {
  onSuccess?: (answer: Answer) => void | Promise<unknown>;
}

/**
 * Like `useMutation`, but what is given to `give` is no variable of the mutation, which the cache
 * would keep: it lies in a ref until it is sent, and nowhere afterwards.
 */
export function useSecretly<Given, Answer>(
  send: (given: Given) => Promise<Answer>,
  { onSuccess }: Done<Answer> = {},
) {
  const handed = useRef<Given>(undefined);
  const mutation = useMutation<Answer, Error, void>({
    gcTime: 0,
    mutationFn: async () => {
      const given = handed.current as Given;
      handed.current = undefined;
      return send(given);
    },
    ...(onSuccess ? { onSuccess: (answer) => onSuccess(answer) } : {}),
  });
  return {
    data: mutation.data,
    error: mutation.error,
    isPending: mutation.isPending,
    reset: mutation.reset,
    give: (given: Given) => {
      handed.current = given;
      mutation.mutate();
    },
  };
}
