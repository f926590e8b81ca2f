/** What a page reads from its URL: strings and lists of strings, checked, nothing else. */

export type Raw = Readonly<Record<string, unknown>>;

export function text(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "string" && first !== "" ? first : undefined;
}

export function list(value: unknown): string[] | undefined {
  const all = (Array.isArray(value) ? value : [value]).filter(
    (each): each is string => typeof each === "string" && each !== "",
  );
  return all.length > 0 ? all : undefined;
}

export function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((each) => each === text(value));
}

export function someOf<T extends string>(value: unknown, allowed: readonly T[]): T[] | undefined {
  const found = allowed.filter((each) => list(value)?.includes(each));
  return found.length > 0 ? found : undefined;
}

// The router has a search that was checked already checked again: numbers and flags pass as they are, too.
export function number(value: unknown): number | undefined {
  const said = text(value);
  const read = typeof value === "number" ? value : said === undefined ? Number.NaN : Number(said);
  return Number.isFinite(read) ? read : undefined;
}

export function flag(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  const said = text(value);
  return said === "true" ? true : said === "false" ? false : undefined;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** An id as the hub gives them; another it would refuse. */
export function uuid(value: unknown): string | undefined {
  const said = text(value)?.trim();
  return said !== undefined && UUID.test(said) ? said.toLowerCase() : undefined;
}

/** `?state=FIRING&state=PENDING`: lists are repeated names. */
export function parseSearch(query: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  const params = new URLSearchParams(query);
  for (const key of new Set(params.keys())) {
    const all = params.getAll(key);
    found[key] = all.length > 1 ? all : all[0]!;
  }
  return found;
}

export function stringifySearch(search: Raw): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null && each !== "") params.append(key, String(each));
    }
  }
  // Readable where a URL allows it: times and lists of names.
  const text = params.toString().replaceAll("%3A", ":").replaceAll("%2C", ",").replaceAll("%2F", "/").replaceAll("%40", "@");
  return text === "" ? "" : `?${text}`;
}
