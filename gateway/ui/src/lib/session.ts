/** Whether somebody is logged in, as far as requests have told. */

type Listener = () => void;
const listeners = new Set<Listener>();

/** A request was refused for want of a session. */
export function sessionEnded(): void {
  for (const tell of listeners) tell();
}

export function onSessionEnded(tell: Listener): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

const NEXT = "aiops.next";

/** Somebody has to log in first, and wants to go there then. */
export function comeBackTo(href: string): void {
  sessionStorage.setItem(NEXT, href);
}

/** Where somebody was before they had to log in; asked for once. */
export function wantedBefore(): string {
  const next = sessionStorage.getItem(NEXT);
  sessionStorage.removeItem(NEXT);
  return next?.startsWith("/") && !next.startsWith("//") ? next : "/";
}
