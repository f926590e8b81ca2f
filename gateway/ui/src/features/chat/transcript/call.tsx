import { Spinner } from "@patternfly/react-core";
import { CheckIcon, ExclamationTriangleIcon, HourglassEndIcon } from "@patternfly/react-icons";
import { useEffect, useRef, useState, type ReactNode } from "react";

import { useClusterNaming } from "@/components/cluster-names";
import { Result } from "@/features/chat/results/result";
import { cell, isTime } from "@/features/chat/results/shapes";
import { inShort, isAnswer, toolTitle, took } from "@/features/chat/shared/words";
import { queryPlace } from "@/features/chat/transcript/evidence";
import { useOpenCall } from "@/features/chat/transcript/open-call";
import { At } from "@/components/timestamp";
import type { ToolCallView } from "@/generated/api.schemas";
import { words } from "@/lib/format";
import { PageLink } from "@/lib/place";

/** A tool that was called: with what, how it ended, and what it told. */
export function Call({ call, isOver }: { call: ToolCallView; isOver: boolean }) {
  const { wanted } = useOpenCall();
  const [chosen, setChosen] = useState<{ open: boolean; times: number | undefined }>({ open: false, times: undefined });
  const place = useRef<HTMLDetailsElement>(null);
  const mine = wanted?.call === call.id ? wanted.times : undefined;
  // Asked for anew it is open, whatever was chosen before.
  const open = chosen.times === mine ? chosen.open : true;
  useEffect(() => {
    if (mine === undefined) return;
    place.current?.scrollIntoView({ block: "center", behavior: "auto" });
    place.current?.querySelector("summary")?.focus({ preventScroll: true });
  }, [mine]);
  const brief = inShort(call);
  return (
    <details
      ref={place}
      className={mine === undefined ? "chat-call" : "chat-call is-wanted"}
      open={open}
      onToggle={(event) => setChosen({ open: event.currentTarget.open, times: mine })}
    >
      <summary>
        <Mark call={call} isOver={isOver} />
        <span className="chat-call-name">{toolTitle(call.tool)}</span>
        <span className="chat-call-brief mono cut" title={brief}>
          {brief}
        </span>
        <span className="chat-call-took quiet numbers">{call.latency_ms === null ? "" : took(call.latency_ms)}</span>
      </summary>
      {open ? <Inside call={call} isOver={isOver} /> : null}
    </details>
  );
}

function Mark({ call: { status, code }, isOver }: { call: ToolCallView; isOver: boolean }) {
  if (status === "SUCCESS") return <Said icon={<CheckIcon />} tone="success" text="answered" />;
  if (status === "TIMEOUT") return <Said icon={<HourglassEndIcon />} tone="warning" text="took too long" />;
  if (status === "ERROR") return <Said icon={<ExclamationTriangleIcon />} tone="warning" text={code === null ? "failed" : words(code)} />;
  if (isOver) return <Said icon={<HourglassEndIcon />} tone="neutral" text="not waited for" />;
  return <Spinner size="sm" aria-label="runs" />;
}

function Said({ icon, tone, text }: { icon: ReactNode; tone: string; text: string }) {
  return (
    <span className={`badge tone-${tone}`} title={text}>
      {icon}
      <span className="visually-hidden">{text}</span>
    </span>
  );
}

function Inside({ call, isOver }: { call: ToolCallView; isOver: boolean }) {
  const place = queryPlace(call);
  return (
    <div className="chat-call-inside">
      <div className="chat-call-links">
        <code>{call.tool}</code>
        {place ? <PageLink {...place}>Ask it yourself</PageLink> : null}
        {call.sequence === null ? null : (
          <PageLink to="/events" search={{ event: call.sequence }}>
            Event {call.sequence}
          </PageLink>
        )}
      </div>
      <Arguments of={call.arguments} />
      {call.status === null ? (
        <p className="hint">{isOver ? "The answer was no longer wanted when it ran." : "It runs."}</p>
      ) : isAnswer(call.result) ? (
        <Result call={call} answer={call.result} />
      ) : (
        <p className="chat-call-error">
          {call.code === null ? "" : `${call.code}: `}
          {cell(call.result)}
        </p>
      )}
    </div>
  );
}

function Arguments({ of }: { of: Record<string, unknown> }) {
  const names = useClusterNaming(8);
  const given = Object.entries(of).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0));
  if (given.length === 0) return <p className="hint">Without arguments.</p>;
  return (
    <dl className="chat-arguments">
      {given.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {isTime(value) ? (
              <At at={value} />
            ) : name === "cluster_ids" && Array.isArray(value) ? (
              names(value.map(String))
            ) : name === "cluster_id" && typeof value === "string" ? (
              names([value])
            ) : typeof value === "string" ? (
              <code dir="ltr">{value}</code>
            ) : (
              <code dir="ltr">{JSON.stringify(value, null, 1)}</code>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}
