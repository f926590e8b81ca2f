import { CheckCircleIcon, ExclamationCircleIcon } from "@patternfly/react-icons";

import { Badge } from "@/components/badges";
import { plural } from "@/lib/format";

import type { Check, Part, Report } from "@/features/operations/report";
import { checkName } from "@/features/operations/verdict";

/** Every process that is heard of, with what it checks of itself. */
export function HealthTab({ report }: { report: Report }) {
  return (
    <>
      <section className="panel" aria-labelledby="ops-own">
        <h2 id="ops-own">The gateway that answers you</h2>
        <Checks checks={report.checks} />
      </section>
      <div className="ops-cards">
        {report.parts.map((part) => (
          <Process key={part.instance} {...part} />
        ))}
      </div>
      <p className="hint">
        Each process tells of itself every second; one that falls silent is gone from here within seconds.
      </p>
    </>
  );
}

function Process({ part, instance, ready, checks }: Part) {
  return (
    <section className="panel ops-card" aria-label={`${part} ${instance}`}>
      <header className="ops-card-head">
        <h2>{checkName(part)}</h2>
        <Badge tone={ready ? "success" : "danger"} icon={ready ? CheckCircleIcon : ExclamationCircleIcon}>
          {ready ? "Ready" : "Not ready"}
        </Badge>
      </header>
      <p className="hint">
        <span className="mono">{instance}</span>, {plural(Object.keys(checks).length, "check")}
      </p>
      <Checks checks={checks} />
    </section>
  );
}

function Checks({ checks }: { checks: Readonly<Record<string, Check>> }) {
  // What fails comes first.
  const all = Object.entries(checks).toSorted(([, a], [, b]) => Number(a.ready) - Number(b.ready));
  return (
    <ul className="plain ops-checks">
      {all.map(([name, { ready, detail }]) => (
        <li key={name}>
          <Badge tone={ready ? "success" : "danger"} icon={ready ? CheckCircleIcon : ExclamationCircleIcon}>
            {checkName(name)}
          </Badge>
          {ready ? <span className="visually-hidden"> is well</span> : <div className="ops-why">{detail ?? "not ready"}</div>}
        </li>
      ))}
    </ul>
  );
}
