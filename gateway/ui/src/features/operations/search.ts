/** What the operations page reads from its URL. */

import { flag, number, oneOf, text, type Raw } from "@/lib/search";

export const TABS = ["health", "projections", "streams", "letters", "clients", "commands"] as const;
export type Tab = (typeof TABS)[number];

export interface OperationsSearch {
  /** Without it: health. */
  tab?: Tab | undefined;
  /** Dead letters of this stream, of this consumer, also those that were retried. */
  stream?: string | undefined;
  consumer?: string | undefined;
  retried?: boolean | undefined;
  /** The dead letter that is open. */
  letter?: number | undefined;
  /** The command that is looked up. */
  command?: string | undefined;
  /** Of the clients. */
  page?: number | undefined;
}

export function readOperationsSearch(raw: Raw): OperationsSearch {
  return {
    tab: oneOf(raw["tab"], TABS),
    stream: text(raw["stream"]),
    consumer: text(raw["consumer"]),
    retried: flag(raw["retried"]) || undefined,
    letter: positive(raw["letter"]),
    command: text(raw["command"]),
    page: positive(raw["page"]),
  };
}

function positive(value: unknown): number | undefined {
  const read = number(value);
  return read !== undefined && Number.isSafeInteger(read) && read > 0 ? read : undefined;
}
