/** What the hub says begins small and has no full stop: made a sentence for people. */
export function sentence(text: string): string {
  const said = text.trim();
  const end = /[.!?…]$/.test(said) ? "" : ".";
  return said.charAt(0).toUpperCase() + said.slice(1) + end;
}
