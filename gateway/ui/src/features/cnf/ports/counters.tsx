import { Rate } from "@/features/cnf/ports/columns";
import { Unknown } from "@/features/cnf/shared/cells";
import type { DpdkPortView } from "@/generated/api.schemas";
import { count } from "@/lib/format";

const COUNTED = ["packets", "dropped", "errors"] as const;
const SAID = { packets: "Packets", dropped: "Dropped", errors: "Errors" } as const;
const WAYS = [
  ["rx", "Received"],
  ["tx", "Sent"],
] as const;

/** Each counter since the pod began, and how it grows. */
export function Counters({ of }: { of: DpdkPortView }) {
  return (
    <table className="cnf-counters">
      <caption className="hint">
        {of.rate_seconds === null
          ? "Rates are known after the next sample."
          : `Rates are over the ${Math.round(of.rate_seconds)} s between the last two samples.`}
      </caption>
      <thead>
        <tr>
          <th scope="col">Counter</th>
          <th scope="col">Per second</th>
          <th scope="col">In all</th>
        </tr>
      </thead>
      <tbody>
        {WAYS.flatMap(([way, said]) =>
          COUNTED.map((what) => (
            <tr key={way + what}>
              <th scope="row">
                {said}: {SAID[what].toLowerCase()}
              </th>
              <td>
                <Rate of={of[`${way}_${what}_per_second`]} />
              </td>
              <td>
                <Count of={of[`${way}_${what}`]} />
              </td>
            </tr>
          )),
        )}
      </tbody>
    </table>
  );
}

function Count({ of }: { of: number | null | undefined }) {
  if (of === null || of === undefined) return <Unknown why="Its source does not tell" />;
  return <span className={of === 0 ? "numbers quiet" : "numbers"}>{count(of)}</span>;
}
