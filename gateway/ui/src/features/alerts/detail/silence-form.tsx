import { Alert, Button, Checkbox, TextArea, TextInput, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";

import { InlineFailure } from "@/components/states";
import { isOfAlerts } from "@/features/alerts/silences/end-silence";
import { useListAlerts, useSilenceAlert } from "@/generated/api";
import type { AlertView, SilenceMade } from "@/generated/api.schemas";
import { plural } from "@/lib/format";
import { useClock, useNow } from "@/lib/moment";
import { parseDuration } from "@/lib/time";

const DURATIONS = ["30m", "1h", "2h", "4h", "8h", "1d", "1w"] as const;
const DURATION = /^0*[1-9]\d{0,6}[smhdw]$/;
const LONGEST_MS = 30 * 86_400_000;

interface SilenceFormProps {
  alert: AlertView;
  /** Undefined: taken, and not yet seen to be done. */
  onDone: (made: SilenceMade | undefined) => void;
  onCancel: () => void;
}

/** For how long, why, and what: what it would silence is counted before. */
export function SilenceForm({ alert, onDone, onCancel }: SilenceFormProps) {
  const id = useId();
  const client = useQueryClient();
  const names = Object.keys(alert.labels).toSorted();
  const [duration, setDuration] = useState("2h");
  const [comment, setComment] = useState("");
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const chosen = names.filter((name) => !left.has(name));
  const silence = useSilenceAlert({
    mutation: {
      onSuccess: (answer) => {
        void client.invalidateQueries({ predicate: ({ queryKey }) => isOfAlerts(queryKey[0]) });
        onDone("silence_id" in answer ? answer : undefined);
      },
    },
  });
  const wrong = whyNotDuration(duration);
  const flip = (name: string) => {
    const next = new Set(left);
    if (!next.delete(name)) next.add(name);
    setLeft(next);
  };
  return (
    <form
      className="alerts-silence"
      aria-label={`Silence ${alert.alertname}`}
      onKeyDown={(event) => {
        // Else it would close the drawer, and all that was written with it.
        if (event.key === "Escape") event.preventDefault();
      }}
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong !== undefined || chosen.length === 0) return;
        const labels = left.size > 0 ? { labels: chosen } : {};
        silence.mutate({ ref: alert.id, data: { duration, comment: comment.trim(), ...labels } });
      }}
    >
      <fieldset>
        <legend>For how long</legend>
        <ToggleGroup isCompact aria-label="For how long">
          {DURATIONS.map((each) => (
            <ToggleGroupItem
              key={each}
              text={each}
              isSelected={duration === each}
              onChange={() => setDuration(each)}
            />
          ))}
        </ToggleGroup>
        <div className="alerts-duration">
          <TextInput
            aria-label="Duration"
            aria-describedby={`${id}-until`}
            value={duration}
            validated={wrong === undefined ? "default" : "error"}
            onChange={(_, text) => setDuration(text.trim())}
          />
          <span id={`${id}-until`} className={wrong === undefined ? "hint" : "alerts-error"} aria-live="polite">
            {wrong ?? <Until duration={duration} />}
          </span>
        </div>
      </fieldset>
      <label htmlFor={`${id}-comment`}>Why</label>
      <TextArea
        id={`${id}-comment`}
        rows={2}
        resizeOrientation="vertical"
        maxLength={1024}
        placeholder="Others see it: planned work, a ticket"
        value={comment}
        onChange={(_, text) => setComment(text)}
      />
      <fieldset>
        <legend>Alerts of this cluster with</legend>
        {names.map((name) => (
          <Checkbox
            key={name}
            id={`${id}-${name}`}
            className="alerts-match"
            label={<span className="mono">{`${name}="${alert.labels[name]}"`}</span>}
            isChecked={!left.has(name)}
            onChange={() => flip(name)}
          />
        ))}
      </fieldset>
      <Reach alert={alert} chosen={chosen} />
      {silence.error ? <InlineFailure error={silence.error} what="The alert was not silenced" /> : null}
      <div className="toolbar">
        <Button
          type="submit"
          variant="primary"
          isDisabled={wrong !== undefined || chosen.length === 0 || silence.isPending}
          isLoading={silence.isPending}
        >
          Silence
        </Button>
        <Button variant="link" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

export function whyNotDuration(duration: string): string | undefined {
  if (!DURATION.test(duration)) return "A whole number and a unit: 45m, 2h, 3d";
  return parseDuration(duration)! > LONGEST_MS ? "30 days at most" : undefined;
}

function Until({ duration }: { duration: string }) {
  const now = useNow(10_000);
  const clock = useClock();
  return <span className="numbers">until {clock(now + parseDuration(duration)!)}</span>;
}

/** How many alerts are open now that it would silence: this one, and others with fewer labels. */
function Reach({ alert, chosen }: { alert: AlertView; chosen: readonly string[] }) {
  const label = chosen.map((name) => `${name}=${alert.labels[name]}`);
  const { data } = useListAlerts(
    { cluster_id: [alert.cluster_id], label, page_size: 1 },
    { query: { enabled: chosen.length > 0, placeholderData: keepPreviousData } },
  );
  if (chosen.length === 0) {
    return <Alert isInline isPlain variant="warning" title="Choose one label at least" />;
  }
  if (data === undefined) return <p className="hint">Counting what it silences…</p>;
  const words = `Silences ${plural(data.total, "open alert")}${data.total_at_least ? " or more" : ""} now`;
  return (
    <div aria-live="polite">
      {data.total > 1 ? (
        <Alert isInline isPlain variant="warning" title={`${words}, and any that begin until it ends`} />
      ) : (
        <p className="hint">{words}.</p>
      )}
    </div>
  );
}
