/** What goes over the live stream, and what a caller gets of it. */

/** Which events to send; a filter that is empty or left out lets all through. */
export interface Subscription {
  readonly event_types?: readonly string[];
  readonly cluster_filter?: readonly string[];
  readonly namespace_filter?: readonly string[];
  /** `type:id` each. */
  readonly entity_filter?: readonly string[];
  /** Begin with the event after this one; without it, and without a time, with the next news. */
  readonly since_sequence?: number;
  /** Begin with the events since then (RFC 3339). */
  readonly since_time?: string;
}

/** Something has happened. */
export interface LiveEvent<Payload = Readonly<Record<string, unknown>>> {
  readonly type: "event";
  /** For whom it counts: the one that catches up, or all that are live, of which some want it. */
  readonly subscriptions: readonly string[];
  readonly event_id: string;
  readonly event_type: string;
  /** Its place in the log; null for telemetry, which is not resumed. */
  readonly sequence: number | null;
  readonly timestamp: string;
  /** When the log took it: `since_time`, replays and `as_of` count by it; null for telemetry. */
  readonly logged_at: string | null;
  readonly payload: Payload;
  readonly source: string;
  readonly cluster_id: string | null;
  readonly cluster_name: string | null;
  readonly correlation_id: string;
  readonly causation_id: string;
  readonly actor: string;
  /** Of a replay: it happened then, and moves no subscription. */
  readonly replayed?: true;
}

/** Play a window of the log again, with its gaps, so many times faster than it was. */
export interface Replay {
  readonly id: string;
  /** Inclusive (RFC 3339). */
  readonly from: string;
  /** Exclusive; without it up to the newest event there is. */
  readonly to?: string;
  readonly speed?: number | "max";
  readonly filters?: Omit<Subscription, "since_sequence" | "since_time">;
}

export type ReplayAction =
  | { readonly action: "pause" | "resume" | "stop" }
  | { readonly action: "seek"; readonly to: string }
  | { readonly action: "speed"; readonly speed: number | "max" };

/** How a replay stands: when that changes, and once a second while it plays. */
export interface ReplayState {
  readonly type: "replay_state";
  readonly id: string;
  readonly state: "playing" | "paused" | "ended" | "stopped";
  readonly from: string;
  readonly to: string | null;
  /** The time of the log that it has come to. */
  readonly position: string;
  readonly sequence: number | null;
  readonly speed: number | "max";
  readonly sent: number;
  /** Events before this time may have aged out of the log; null: the window is whole. */
  readonly whole_from: string | null;
}

/** Everything up to `sequence` has come; what follows is live. `id`: of the subscription. */
export type CaughtUp = { readonly type: "caught_up"; readonly id: string; readonly sequence: number };

/** So many events of telemetry were left out: newer ones of the same entities came. */
export type Conflated = {
  readonly type: "conflated";
  readonly event_type: string;
  readonly count: number;
};

/** The connection is lost and will be made anew in so many seconds; no event is lost. */
export type Reconnecting = {
  readonly type: "reconnecting";
  readonly reason: string;
  readonly seconds: number;
};

export type Item = LiveEvent | CaughtUp | Conflated | Reconnecting | ReplayState;

export type Sent = Omit<LiveEvent, "subscriptions">;
export type ErrorFrame = {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
  readonly id?: string;
  readonly oldest_sequence?: number;
};
export type Disconnect = {
  readonly type: "disconnect";
  readonly reason: string;
  readonly reconnect_after_ms: number;
  readonly resume_sequence: number | null;
};
export type Frame =
  | Sent
  | { readonly type: "events"; readonly events: readonly Sent[] }
  | { readonly type: "subscribed"; readonly id: string; readonly sequence: number }
  | { readonly type: "position"; readonly sequence: number }
  | CaughtUp
  | Conflated
  | ReplayState
  | Disconnect
  | ErrorFrame
  | { readonly type: "auth_response" | "pong" };

/** The hub says no, and would say so again: change what it is asked, then go on iterating. */
export class Refused extends Error {
  readonly code: string;
  readonly subscription: string | undefined;
  /** With `ResumeExpired`: the oldest event that is kept; one may resume after one less. */
  readonly oldestSequence: number | undefined;

  constructor(frame: ErrorFrame) {
    super(`${frame.code}: ${frame.message}`);
    this.name = new.target.name;
    this.code = frame.code;
    this.subscription = frame.id;
    this.oldestSequence = frame.oldest_sequence;
  }
}

/** The token or session is not valid (any more). */
export class AuthFailed extends Refused {}

/** What comes after the position is not kept any more: load the state anew, then `resume`. */
export class ResumeExpired extends Refused {}
