/** Puts theme and density of the settings onto the page. */

import { useSettings, type Settings } from "@/lib/settings";

const DARK = window.matchMedia("(prefers-color-scheme: dark)");

/** Paper is white. */
let printing = false;

function apply({ theme, density }: Settings): void {
  const dark = !printing && (theme === "dark" || (theme === "system" && DARK.matches));
  document.documentElement.classList.toggle("pf-v6-theme-dark", dark);
  document.documentElement.dataset["density"] = density;
}

/** Now, and whenever the settings or the system's theme change. */
export function followTheme(): void {
  const now = () => apply(useSettings.getState());
  now();
  useSettings.subscribe(apply);
  DARK.addEventListener("change", now);
  for (const [name, prints] of [["beforeprint", true], ["afterprint", false]] as const) {
    window.addEventListener(name, () => {
      printing = prints;
      now();
    });
  }
}
