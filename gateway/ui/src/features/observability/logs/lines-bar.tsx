import { Button, Switch, ToggleGroup, ToggleGroupItem } from "@patternfly/react-core";
import type { ReactNode } from "react";

import { FindField } from "@/components/find-field";
import type { LogsSearch } from "@/features/observability/search";
import { count, plural } from "@/lib/format";
import { useSearch, useSetSearch } from "@/lib/place";

interface LinesBarProps {
  shown: number;
  of: number;
  /** There are more than were read. */
  more: boolean;
  filtered: boolean;
  /** Ask the clusters for lines with these words. */
  onWords: (words: string) => void;
  /** Which come first may be chosen. */
  order?: boolean;
  children?: ReactNode;
}

/** How the lines are shown, and how many they are. */
export function LinesBar({ shown, of, more, filtered, onWords, order = false, children }: LinesBarProps) {
  const search = useSearch<LogsSearch>();
  const setSearch = useSetSearch<LogsSearch>();
  const { find = "", wrap = false } = search;
  const held = filtered ? `${count(shown)} of ${plural(of, "line")} read` : plural(of, "line");
  return (
    <div className="toolbar logs-bar">
      <FindField
        className="logs-find"
        label="Find in these lines"
        value={find}
        onChange={(value) => setSearch({ find: value || undefined }, { replace: true })}
      />
      {find === "" ? null : (
        <Button variant="link" isInline onClick={() => onWords(find)}>
          Ask the clusters for “{find.length > 20 ? `${find.slice(0, 20)}…` : find}”
        </Button>
      )}
      {order ? (
        <ToggleGroup aria-label="Which lines come first" isCompact>
          <ToggleGroupItem
            text="Newest first"
            isSelected={search.order === undefined}
            onChange={() => setSearch({ order: undefined })}
          />
          <ToggleGroupItem
            text="Oldest first"
            isSelected={search.order === "oldest"}
            onChange={() => setSearch({ order: "oldest" })}
          />
        </ToggleGroup>
      ) : null}
      <Switch
        id="logs-wrap"
        label="Wrap"
        isChecked={wrap}
        onChange={(_, checked) => setSearch({ wrap: checked || undefined }, { replace: true })}
      />
      <div className="toolbar-end">
        <span className="quiet numbers" role="status">
          {held}
          {more && !filtered ? ", more below" : ""}
        </span>
        {children}
      </div>
    </div>
  );
}
