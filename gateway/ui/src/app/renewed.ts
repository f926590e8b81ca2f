/** After an upgrade of the hub a page's script may be gone that this tab still knows: it is loaded anew, once. */

const TRIED = "aiops.renewed";
/** What fails again so soon is not cured by loading anew. */
const AGAIN_MS = 60_000;

/** True if it is worth to load the page anew, and notes that it was tried. */
export function worthLoadingAnew(now: number, memory: Storage = sessionStorage): boolean {
  const before = Number(memory.getItem(TRIED) ?? Number.NEGATIVE_INFINITY);
  if (now - before < AGAIN_MS) return false;
  memory.setItem(TRIED, String(now));
  return true;
}

export function followUpgrades(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (!worthLoadingAnew(Date.now())) return;
    event.preventDefault();
    location.reload();
  });
}
