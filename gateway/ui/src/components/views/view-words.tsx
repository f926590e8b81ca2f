import { words } from "@/lib/format";
import { DEFAULT_RANGE, useClock, useNow } from "@/lib/moment";
import { parseSearch } from "@/lib/search";
import { describeRange } from "@/lib/time";

/** What a view shows, in words: its time range and its filters. */
export function ViewWords({ search }: { search: string }) {
  const clock = useClock();
  const now = useNow(60_000);
  const { from, to, ...filters } = parseSearch(search);
  const range = { from: String(from ?? DEFAULT_RANGE.from), to: String(to ?? DEFAULT_RANGE.to) };
  const said = Object.entries(filters).map(([name, value]) => `${words(name)}: ${[value].flat().join(", ")}`);
  return <p className="hint view-words">{[describeRange(range, clock, now), ...said].join(" · ")}</p>;
}
