import "@/features/observability/library/library-button.css";

import { Button } from "@patternfly/react-core";
import { HistoryIcon } from "@patternfly/react-icons";

import type { AskedSearch } from "@/features/observability/search";
import { useSearch, useSetSearch } from "@/lib/place";

/** Opens the queries of before beside the page, and closes them. */
export function LibraryButton() {
  const { library } = useSearch<AskedSearch>();
  const setSearch = useSetSearch<AskedSearch>();
  return (
    <Button
      variant="secondary"
      icon={<HistoryIcon />}
      aria-expanded={library !== undefined}
      onClick={() => setSearch({ library: library === undefined ? "recent" : undefined })}
    >
      <span className="library-words">Recent and saved</span>
    </Button>
  );
}
