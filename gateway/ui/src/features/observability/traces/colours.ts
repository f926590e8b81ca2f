/** A colour for each service: always the same for the same name, told by its name beside it. */

/** As many as the style sheet has: `traces-service-0` and so on. */
export const COLOURS = 10;

/** The class of a service; `known` are all of the picture, so that neighbours differ where they can. */
export function coloursOf(names: readonly string[]): ReadonlyMap<string, string> {
  const taken = new Set<number>();
  const found = new Map<string, string>();
  for (const name of names.toSorted()) {
    let at = digest(name) % COLOURS;
    for (let tries = 0; taken.has(at) && tries < COLOURS; tries += 1) at = (at + 1) % COLOURS;
    if (taken.size < COLOURS) taken.add(at);
    found.set(name, `traces-service-${at}`);
  }
  return found;
}

function digest(text: string): number {
  let value = 0;
  for (const letter of text) value = (Math.imul(value, 31) + letter.codePointAt(0)!) >>> 0;
  return value;
}
