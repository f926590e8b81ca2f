import { DropdownItem, DropdownList } from "@patternfly/react-core";
import { CopyIcon } from "@patternfly/react-icons";

import { ActionMenu } from "@/components/action-menu";
import { useCopied } from "@/lib/copied";
import { lastingLink } from "@/lib/link";
import { useAsOf, useRange } from "@/lib/moment";

export interface Request {
  method?: string;
  /** `/api/v1/alerts?severity=CRITICAL`. */
  path: string;
  body?: unknown;
}

interface CopyMenuProps {
  /** The request whose answer is shown. */
  request?: Request;
  /** A query in its own language, by that language's name. */
  query?: { name: "PromQL" | "LogQL" | "TraceQL"; text: string };
}

/** A shell command that asks the hub the same; the token is a variable of the shell, never written out. */
export function asCurl({ method = "GET", path, body }: Request, origin: string): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const parts = [`curl -sS`];
  if (method !== "GET" && !(method === "POST" && body !== undefined)) parts.push(`-X ${method}`);
  parts.push(quote(origin + path), `-H "Authorization: Bearer $TOKEN"`);
  if (body !== undefined) parts.push(`-H 'Content-Type: application/json'`, `-d ${quote(JSON.stringify(body))}`);
  return parts.join(" ");
}

/** Copies what is shown: as a link with fixed times, as curl, as a query. */
export function CopyMenu({ request, query }: CopyMenuProps) {
  const [said, copy] = useCopied();
  const range = useRange();
  const { as_of } = useAsOf();
  return (
    <ActionMenu icon={<CopyIcon />} text={<span aria-live="polite">{said ?? "Copy"}</span>}>
      <DropdownList>
        <DropdownItem description="Relative times become fixed" onClick={() => void copy(lastingLink(location.href, range, as_of))}>
          Link
        </DropdownItem>
        {query ? (
          <DropdownItem onClick={() => void copy(query.text)}>{query.name}</DropdownItem>
        ) : null}
        {request ? (
          <DropdownItem
            description="$TOKEN is yours to set"
            onClick={() => void copy(asCurl(request, location.origin))}
          >
            curl
          </DropdownItem>
        ) : null}
      </DropdownList>
    </ActionMenu>
  );
}
