/** A page that somebody comes to without any filter opens with the view that they have chosen for it. */

import { redirect, type AnyRouter } from "@tanstack/react-router";

import { defaultOf, searchOf, toOpen } from "@/lib/views";

/** How the address was last changed; by Back and Forward one gets what was there, filters or none. */
let moved = "";

export function followMoves({ history }: Pick<AnyRouter, "history">): void {
  history.subscribe(({ action }: { action: { type: string } }) => {
    moved = action.type;
  });
}

interface Coming {
  cause: string;
  location: { pathname: string; search: object };
}

/** Before a route is shown: elsewhere in the same page nothing is changed, so that filters can be cleared. */
export function withDefaultView({ cause, location: { pathname, search } }: Coming): void {
  if (cause !== "enter" || ["BACK", "FORWARD", "GO"].includes(moved)) return;
  const view = defaultOf(pathname, search);
  if (view === undefined) return;
  const { from, to } = search as { from?: string; to?: string };
  const range = from === undefined && to === undefined ? {} : { from, to };
  const next = { ...search, ...toOpen(view), ...range };
  // A view without filters changes nothing: its page would be opened again and again.
  if (searchOf(next) === searchOf(search)) return;
  throw redirect({ to: pathname as "/", search: next as never, replace: true });
}
