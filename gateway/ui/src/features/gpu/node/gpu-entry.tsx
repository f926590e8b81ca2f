import { AngleDownIcon, AngleRightIcon, ExclamationCircleIcon, ExclamationTriangleIcon } from "@patternfly/react-icons";
import { useEffect, useEffectEvent, useRef, type ReactNode } from "react";

import { Badge } from "@/components/badges";
import { Ago } from "@/components/timestamp";
import { heatShare, Meter } from "@/features/gpu/meter";
import { GpuFacts } from "@/features/gpu/node/gpu-facts";
import { slowedBy } from "@/features/gpu/reasons";
import { celsius, gpuName, NOT_KNOWN, percent, RAISED, share, watts } from "@/features/gpu/values";
import type { GpuView } from "@/generated/api.schemas";

interface GpuEntryProps {
  gpu: GpuView;
  cluster: string;
  isOpen: boolean;
  /** Gone to as the drawer opens. */
  isMeant: boolean;
  onOpen: (open: boolean) => void;
}

/** One GPU: its four values and what is wrong at once, all the rest when it is opened. */
export function GpuEntry({ gpu, cluster, isOpen, isMeant, onOpen }: GpuEntryProps) {
  const { index, uuid, raised } = gpu;
  const entry = useRef<HTMLElement>(null);
  const goTo = useEffectEvent(() => isMeant && entry.current?.scrollIntoView({ block: "nearest" }));
  useEffect(() => void goTo(), []);
  const memory = share(gpu.memory_used_mb, gpu.memory_total_mb);
  return (
    <article ref={entry} className={isOpen ? "gpu-entry is-open" : "gpu-entry"} aria-label={gpuName(index, uuid)}>
      <div className="gpu-entry-line">
        <h3>
          <button type="button" className="gpu-entry-head" aria-expanded={isOpen} onClick={() => onOpen(!isOpen)}>
            {isOpen ? <AngleDownIcon /> : <AngleRightIcon />}
            <span className="cut">{gpuName(index, uuid)}</span>
          </button>
        </h3>
        <dl className="gpu-values numbers">
          <Value name="Busy" said={percent(gpu.utilization_gpu_percent)} bar={<Meter of={gpu.utilization_gpu_percent} />} />
          <Value name="Memory" said={percent(memory)} bar={<Meter of={memory} high={raised.includes("MEMORY_USED")} />} />
          <Value
            name="Temperature"
            said={celsius(gpu.temperature_celsius)}
            bar={<Meter of={heatShare(gpu.temperature_celsius)} hue="heat" high={raised.includes("TEMPERATURE")} />}
          />
          <Value
            name="Power"
            said={watts(gpu.power_draw_watts)}
            bar={<Meter of={share(gpu.power_draw_watts, gpu.power_limit_watts)} high={raised.includes("POWER_DRAW")} />}
          />
        </dl>
      </div>
      <Wrong gpu={gpu} />
      {isOpen ? <GpuFacts gpu={gpu} cluster={cluster} /> : null}
    </article>
  );
}

/** The names of the values, once above all GPUs. */
export function EntryHead() {
  return (
    <div className="gpu-entry-line gpu-entry-names hint" aria-hidden="true">
      <span>GPU</span>
      <div className="gpu-values">
        {["Busy", "Memory", "Temp.", "Power"].map((name) => (
          <span key={name}>{name}</span>
        ))}
      </div>
    </div>
  );
}

const Value = ({ name, said, bar }: { name: string; said: string; bar: ReactNode }) => (
  <div>
    <dt className="visually-hidden">{name}</dt>
    <dd className={said === NOT_KNOWN ? "quiet" : undefined}>
      {said}
      {bar}
    </dd>
  </div>
);

/** In words, the worst first; nothing if all is well. */
function Wrong({ gpu }: { gpu: GpuView }) {
  const { error, raised, wasted, last_xid: told, throttle_reasons, ecc_uncorrected: ecc } = gpu;
  const slow = slowedBy(throttle_reasons);
  const xid = gpu.xid ? gpu.xid : undefined;
  const means = told?.xid === xid ? told?.description : undefined;
  const well = !error && raised.length === 0 && !wasted && xid === undefined && !ecc && slow.length === 0;
  if (well) return null;
  return (
    <ul className="plain gpu-wrongs">
      {error ? <Danger>{error}</Danger> : null}
      {raised.map((metric) => (
        <Danger key={metric}>{`${RAISED[metric].over.replace(/^./, (first) => first.toUpperCase())}: threshold crossed`}</Danger>
      ))}
      {xid === undefined ? null : (
        <li>
          <Badge tone="danger" icon={ExclamationCircleIcon}>
            {`XID ${xid}`}
          </Badge>{" "}
          {means ?? "not on NVIDIA's list of XIDs"}
          {told?.xid === xid ? (
            <span className="quiet">
              {" "}
              · <Ago at={told.at} />
            </span>
          ) : null}
        </li>
      )}
      {ecc ? <Danger>{`${ecc} memory errors that could not be corrected`}</Danger> : null}
      {slow.length > 0 ? <Warning>{`Slowed down: ${slow.join(", ")}`}</Warning> : null}
      {wasted ? <Warning>Allocated but idle for long</Warning> : null}
    </ul>
  );
}

const Danger = ({ children }: { children: string }) => (
  <li>
    <Badge tone="danger" icon={ExclamationCircleIcon}>
      {children}
    </Badge>
  </li>
);

const Warning = ({ children }: { children: string }) => (
  <li>
    <Badge tone="warning" icon={ExclamationTriangleIcon}>
      {children}
    </Badge>
  </li>
);
