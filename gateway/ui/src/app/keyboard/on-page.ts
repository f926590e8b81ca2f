/**
 * What keys do to the page that is shown, whichever it is: by marks that its elements have. Each says
 * whether there was something to do it to.
 */

const TYPED = "input:not([type=checkbox], [type=radio]), textarea, [contenteditable=true]";
const inside = (element: HTMLElement | null, selector: string) => element?.querySelector<HTMLElement>(selector);
const inPage = (selector: string) => document.querySelector<HTMLElement>(`#page ${selector}`);

/** The page's filter is marked by `data-filter` or by its key: that, or what is in it, best what can be typed into. */
export function focusFilter(): boolean {
  const marked = inPage("[data-filter]") ?? inPage('[aria-keyshortcuts="/"]');
  const field = marked?.matches(TYPED) ? marked : (inside(marked, TYPED) ?? inside(marked, "button, input") ?? marked);
  field?.focus();
  if (field instanceof HTMLInputElement) field.select();
  return field != null;
}

/** The button that says that this is its key: `.` is a list's switch between live and paused. */
export function press(key: string): boolean {
  const button = document.querySelector<HTMLElement>(`[aria-keyshortcuts="${key}"]:not(:disabled)`);
  button?.click();
  return button !== null;
}

/** The page's list takes the focus, and the key; where it has the focus, it has the key anyway. */
export function moveRow(key: "j" | "k"): boolean {
  const list = inPage(".table-scroller");
  if (list === null || list.contains(document.activeElement)) return false;
  list.focus({ preventScroll: true });
  list.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  return true;
}
