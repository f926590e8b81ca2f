/** Numbers as people read them. */

const WHOLE = new Intl.NumberFormat("en");
const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number): string => WHOLE.format(value);
/** `12.3K`. */
export const short = (value: number): string => SHORT.format(value);

/** `1.5 GiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let at = 0;
  let left = value;
  while (Math.abs(left) >= 1024 && at < units.length - 1) {
    left /= 1024;
    at += 1;
  }
  return `${at === 0 || Math.abs(left) >= 100 ? Math.round(left) : left.toFixed(1)} ${units[at]}`;
}

/** `1 cluster`, `2 clusters`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `CLUSTER_NOT_FOUND` as `cluster not found`. */
export const words = (code: string): string =>
  code.toLowerCase().replaceAll("_", " ").replaceAll(/\b(?:gpus?|cnf|rca|xid)\b/g, (short) => short.toUpperCase());

/** `PROVISIONING` as `Provisioning`. */
export function title(code: string): string {
  return capitalised(words(code));
}

/** The same with a capital at its beginning. */
export const capitalised = (said: string): string => said.charAt(0).toUpperCase() + said.slice(1);

/** `node/worker-3` as `node worker-3`. */
export function placeInWords(place: string): string {
  const at = place.indexOf("/");
  return at < 0 ? place : `${place.slice(0, at)} ${place.slice(at + 1)}`;
}
