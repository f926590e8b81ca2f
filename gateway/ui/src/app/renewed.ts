/**
 * Scripts are loaded when they are needed. One that does not come: the hub is away, or it has another
 * build by now; then the page is loaded anew, but only where it was needed, and where the hub is there.
 */

const TRIED = "aiops.renewed";
/** What fails again so soon is not cured by loading anew. */
const AGAIN_MS = 60_000;

const NOT_LOADED = "NotLoaded";
export const isNotLoaded = (error: unknown): boolean => error instanceof Error && error.name === NOT_LOADED;

/**
 * Names the error of such a script, in one word for every browser. By the words of theirs the router
 * would load the page anew at once: with the hub away, that is the browser's page in place of ours.
 */
export function followUpgrades(): void {
  window.addEventListener("vite:preloadError", ({ payload }) => {
    payload.name = NOT_LOADED;
    payload.message = `A part of the UI could not be loaded. ${payload.message}`;
  });
}

/** True if it is worth to load the page anew, and notes that it was tried. */
export function worthLoadingAnew(now: number, memory: Storage = sessionStorage): boolean {
  const before = Number(memory.getItem(TRIED) ?? Number.NEGATIVE_INFINITY);
  if (now - before < AGAIN_MS) return false;
  memory.setItem(TRIED, String(now));
  return true;
}

/** Once the hub is there, the page is loaded anew. */
export async function renew(): Promise<void> {
  const isThere = await fetch("/health", { cache: "no-store" }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (isThere && worthLoadingAnew(Date.now())) location.reload();
}
