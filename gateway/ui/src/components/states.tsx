/** What stands where data would: loading, nothing there, and what went wrong with what to do. */

import {
  Alert,
  Button,
  EmptyState,
  EmptyStateActions,
  EmptyStateBody,
  EmptyStateFooter,
  Skeleton,
} from "@patternfly/react-core";
import { ExclamationCircleIcon, LockIcon, SearchIcon } from "@patternfly/react-icons";
import type { ComponentType, ReactNode } from "react";

import { ApiError, Unreachable } from "@/lib/http";
import { useLater } from "@/lib/later";

interface NothingProps {
  title: string;
  /** One sentence on why, and what to do. */
  children?: ReactNode;
  actions?: ReactNode;
  icon?: ComponentType;
}

/** There is nothing here, and this is why. */
export function Nothing({ title, children, actions, icon = SearchIcon }: NothingProps) {
  return (
    <EmptyState headingLevel="h2" icon={icon} titleText={title} variant="sm">
      <EmptyStateBody>{children}</EmptyStateBody>
      {actions === undefined ? null : (
        <EmptyStateFooter>
          <EmptyStateActions>{actions}</EmptyStateActions>
        </EmptyStateFooter>
      )}
    </EmptyState>
  );
}

/** Grey lines, for those who wait over 200 ms. */
export function Loading({ lines = 6, label = "Loading" }: { lines?: number; label?: string }) {
  const late = useLater(200);
  if (!late) return <div className="loading" aria-busy="true" />;
  return (
    <div className="loading" aria-busy="true">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} width={`${90 - ((line * 17) % 40)}%`} screenreaderText={line === 0 ? label : ""} />
      ))}
    </div>
  );
}

/** What a person can do about it; nothing where the message says it already. */
export function adviceOn(error: Error): string {
  if (error instanceof Unreachable) return "Check that the hub runs and can be reached, then try again.";
  if (!(error instanceof ApiError)) return "This is a fault of the UI. Load the page anew.";
  if (error.status === 429) return "Then try again.";
  if (error.status === 403) return "If you need it, ask an administrator.";
  if (error.status === 503) return "The hub is busy or a part of it is away. Try again in a moment.";
  if (error.status === 504) return "Ask for less: a shorter range, fewer clusters, or a narrower query.";
  if (error.status >= 500) {
    return error.traceId ? `Try again. In the hub's log it is trace ${error.traceId}.` : "Try again.";
  }
  return "";
}

/** As a sentence, so that another can follow it. */
const ended = (message: string): string => (/[.!?…]$/.test(message) ? message : `${message}.`);

interface FailureProps {
  error: Error;
  onRetry?: () => void;
  /** What could not be had: `The alerts`. */
  what?: string;
}

/** A read or a write failed: what, why, and what to do. */
export function Failure({ error, onRetry, what = "This" }: FailureProps) {
  const forbidden = error instanceof ApiError && error.status === 403;
  return (
    <EmptyState
      headingLevel="h2"
      icon={forbidden ? LockIcon : ExclamationCircleIcon}
      status={forbidden ? "custom" : "danger"}
      titleText={forbidden ? "You may not see this" : `${what} could not be loaded`}
      variant="sm"
    >
      <EmptyStateBody className="sentence">
        {forbidden ? `${what}: ${ended(error.message)}` : ended(error.message)} {adviceOn(error)}
      </EmptyStateBody>
      {onRetry ? (
        <EmptyStateFooter>
          <EmptyStateActions>
            <Button variant="secondary" onClick={onRetry}>
              Try again
            </Button>
          </EmptyStateActions>
        </EmptyStateFooter>
      ) : null}
    </EmptyState>
  );
}

/** The same in one line, beside something that stays. */
export function InlineFailure({ error, what }: { error: Error; what: string }) {
  return (
    <Alert isInline component="p" variant="danger" title={what}>
      <div className="sentence">
        {ended(error.message)} {adviceOn(error)}
      </div>
    </Alert>
  );
}
