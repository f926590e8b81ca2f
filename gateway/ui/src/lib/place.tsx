/**
 * Where one is: path and search. Pages know of routing only by this module, so that they can live in
 * another shell (an OpenShift Console plugin) too.
 */

import {
  Link,
  useNavigate,
  useParams,
  useRouter,
  useRouterState,
  useSearch as useRouterSearch,
} from "@tanstack/react-router";
import { useCallback, type ReactNode } from "react";

/** What every page has in its URL. */
export interface CommonSearch {
  from?: string | undefined;
  to?: string | undefined;
  /** The instant that is shown (RFC 3339); without it: now. */
  as_of?: string | undefined;
  /** What the panel beside the page stands around: `pod/shop/cart-5d8f@CLUSTER_ID`. */
  near?: string | undefined;
}

export const COMMON = ["from", "to", "as_of", "near"] as const;

/** The search of the page that is shown, as its route has checked it. */
export function useSearch<T extends object = object>(): T & CommonSearch {
  return useRouterSearch({ strict: false } as never) as T & CommonSearch;
}

/** Changes some of the search; what is undefined goes. `replace`: no new entry for Back. */
export function useSetSearch<T extends object = CommonSearch>(): (
  changed: Partial<T & CommonSearch>,
  how?: { replace?: boolean },
) => void {
  const navigate = useNavigate();
  return useCallback(
    (changed, { replace = false } = {}) => {
      void navigate({
        to: ".",
        search: ((now: object) => ({ ...now, ...changed })) as never,
        replace,
        resetScroll: false,
      });
    },
    [navigate],
  );
}

export type Path =
  | "/"
  | "/clusters"
  | "/clusters/add"
  | `/clusters/${string}`
  | "/alerts"
  | "/incidents"
  | `/incidents/${string}`
  | "/anomalies"
  | `/anomalies/${string}`
  | "/replays"
  | "/chat"
  | `/chat/${string}`
  | "/reports"
  | `/reports/${string}`
  | "/cnf"
  | "/gpu"
  | "/observability/metrics"
  | "/observability/logs"
  | "/observability/traces"
  | "/events"
  | "/operations"
  | "/audit"
  | "/settings";

/** A page as a link leads to it. */
export interface Place {
  to: Path;
  search?: object;
}

/** Goes to a page; time range and time machine stay, unless `search` says otherwise. */
export function useGo(): (to: Path, search?: object) => void {
  const navigate = useNavigate();
  return useCallback((to, search = {}) => void navigate({ to: to as never, search: search as never }), [navigate]);
}

/** The address that `PageLink` leads to, where a page draws its links by itself. */
export function useHref(): (to: Path, search?: object) => string {
  const router = useRouter();
  // Drawn anew with the search, as the address has its range and instant.
  useSearch();
  return (to, search = {}) => router.buildLocation({ to: to as never, search: search as never }).href;
}

interface PageLinkProps {
  to: Path;
  search?: object;
  /** A part of the page, by its id. */
  hash?: string;
  className?: string | undefined;
  "aria-label"?: string;
  /** It leads to where one is only on this very page, not on those below it. */
  isExact?: boolean;
  /** It is followed. */
  onClick?: () => void;
  children: ReactNode;
}

/** A link to a page; time range and time machine stay, unless `search` says otherwise. */
export function PageLink({ to, search = {}, isExact = false, ...rest }: PageLinkProps) {
  return <Link to={to as never} search={search as never} preload="intent" activeOptions={{ exact: isExact }} {...rest} />;
}

interface HereLinkProps {
  /** What is changed of the search; what is undefined goes. */
  changed: object;
  className?: string | undefined;
  "aria-label"?: string;
  "aria-keyshortcuts"?: string;
  "data-near"?: string;
  title?: string;
  children: ReactNode;
}

/** A link to this very page with some of its search changed. */
export function HereLink({ changed, ...rest }: HereLinkProps) {
  const search = (now: object) => ({ ...now, ...changed });
  return <Link to="." search={search as never} preload={false} resetScroll={false} activeProps={{}} {...rest} />;
}

/** A part of the path: the id of what is shown. */
export function usePathParam(name: string): string {
  return (useParams({ strict: false }) as Record<string, string>)[name] ?? "";
}

/** The path that is shown, without its search. */
export function usePath(): string {
  return useRouterState({ select: ({ location }) => location.pathname });
}

/** Goes to an address of this UI, with its search. `replace`: no new entry for Back. */
export function useGoToHref(): (href: string, how?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback((href, { replace = false } = {}) => void navigate({ href, replace }), [navigate]);
}
