/** Whether somebody is logged in, as far as requests and other tabs have told. */

type Listener = (deliberately: boolean) => void;
const listeners = new Set<Listener>();

/** A request was refused for want of a session; or, `deliberately`, somebody has logged out. */
export function sessionEnded(deliberately = false): void {
  if (deliberately) tellTabs("ended");
  for (const tell of listeners) tell(deliberately);
}

export function onSessionEnded(tell: Listener): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

// The session is the browser's: what happens to it in one tab counts in all.
const TABS = "aiops.session";

/** Somebody has logged in. */
export function sessionBegan(): void {
  tellTabs("began");
}

/** The word stays in no storage: what others are told is that it was there. */
function tellTabs(word: "began" | "ended"): void {
  try {
    localStorage.setItem(TABS, word);
    localStorage.removeItem(TABS);
  } catch {
    // A storage that is full tells nobody: the others find out with their next question to the hub.
  }
}

/** Another tab has ended the session, or `began` one, for this person or for another. */
export function followTabs(began: () => void): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key !== TABS) return;
    if (newValue === "ended") for (const tell of listeners) tell(true);
    if (newValue === "began") began();
  });
}

const NEXT = "aiops.next";

/** Somebody has to log in first, and wants to go there then. */
export function comeBackTo(href: string): void {
  sessionStorage.setItem(NEXT, href);
}

/** Where somebody was before they had to log in. */
export function wantedNext(): string {
  const next = sessionStorage.getItem(NEXT);
  return next?.startsWith("/") && !next.startsWith("//") ? next : "/";
}

/** The same, asked for once. */
export function wantedBefore(): string {
  const next = wantedNext();
  sessionStorage.removeItem(NEXT);
  return next;
}

const AWAY = "aiops.away";

/** Somebody goes to log in elsewhere, and comes back to another load of the page. */
export function leavesToLogIn(): void {
  sessionStorage.setItem(AWAY, "yes");
}

/** Somebody is logged in; if they have come back from elsewhere, no other tab knows of it yet. */
export function isHere(): void {
  if (sessionStorage.getItem(AWAY) === null) return;
  sessionStorage.removeItem(AWAY);
  sessionStorage.removeItem(NEXT);
  sessionBegan();
}
