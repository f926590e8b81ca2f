/** Logs: LogQL for many clusters at once, read by the page or followed as lines come. */

import "@/features/observability/logs/logs.css";
import "@/features/observability/logs/volume.css";
import "@/features/observability/logs/lines.css";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { CopyMenu } from "@/components/copy-menu";
import { WithDrawer } from "@/components/drawer";
import { PageFrame } from "@/components/page-frame";
import { useDraft } from "@/features/observability/draft";
import { LibraryButton } from "@/features/observability/library/library-button";
import { LibraryDrawer } from "@/features/observability/library/library-drawer";
import { LIBRARIES } from "@/features/observability/library/store";
import { ExplainLogs } from "@/features/observability/logs/explain-logs";
import { Following } from "@/features/observability/logs/following";
import { LabelBrowser } from "@/features/observability/logs/label-browser";
import { QuestionBar } from "@/features/observability/logs/question-bar";
import { Results, useRounds } from "@/features/observability/logs/results";
import { withMatcher, withWords, type Matcher } from "@/features/observability/logs/selector";
import { Start } from "@/features/observability/logs/start";
import { PAGE, useLogs, type Question } from "@/features/observability/logs/use-logs";
import type { LogsSearch } from "@/features/observability/search";
import { ApiError } from "@/lib/http";
import { useAsOf, useNow, useRange } from "@/lib/moment";
import { useSearch, useSetSearch } from "@/lib/place";
import { frozen } from "@/lib/time";

const NOBODY: readonly string[] = [];

export function LogsPage() {
  const search = useSearch<LogsSearch>();
  const setSearch = useSetSearch<LogsSearch>();
  const client = useQueryClient();
  const { as_of } = useAsOf();
  const { query = "", clusters = NOBODY } = search;
  const tail = search.tail === true && as_of === undefined && query !== "";
  const [draft, setDraft] = useDraft(query);
  const [round, again] = useRounds();
  const [browsing, setBrowsing] = useState(false);
  const question: Question = {
    query: tail ? "" : query,
    clusters,
    direction: search.order === "oldest" ? "FORWARD" : "BACKWARD",
    round,
  };
  const logs = useLogs(question);
  const { found } = logs;

  const run = (text: string, more: Partial<LogsSearch> = {}) => {
    const asked = text.trim();
    LIBRARIES.logql.getState().again(asked);
    if (asked === query && more.tail === search.tail) return again();
    setSearch({ query: asked || undefined, ...more });
  };
  const narrow = (matcher: Matcher) => run(withMatcher(query, matcher), { tail: search.tail });
  const words = (text: string) => run(withWords(query, text), { tail: search.tail, find: undefined });
  const refused = found.error instanceof ApiError && found.error.code === "INVALID_LOGQL" ? found.error : undefined;
  const stop = () => void client.cancelQueries({ queryKey: ["/api/v1/logs/query_range"] });
  return (
    <PageFrame
      title="Logs"
      fills
      actions={
        <>
          <LibraryButton />
          {query === "" ? null : <Copy question={question} query={query} />}
        </>
      }
    >
      <QuestionBar
        draft={draft}
        onDraft={setDraft}
        onRun={(text) => run(text, { tail: search.tail })}
        clusters={clusters}
        onClusters={(chosen) => setSearch({ clusters: chosen.length > 0 ? chosen : undefined })}
        browsing={browsing}
        onBrowse={setBrowsing}
        tail={tail}
        onTail={(on) => run(draft, { tail: on || undefined })}
        isWaiting={found.isFetching && !found.isFetchingNextPage && !tail}
        onStop={stop}
        refused={draft === query && !tail ? refused : undefined}
      />
      {browsing ? (
        <LabelBrowser
          query={draft}
          clusters={clusters}
          onChange={setDraft}
          onRun={() => run(draft, { tail: search.tail })}
        />
      ) : null}
      <WithDrawer
        drawer={
          search.library === undefined ? (
            search.explain && query !== "" && !tail ? (
              <ExplainLogs query={query} onClose={() => setSearch({ explain: undefined })} />
            ) : null
          ) : (
            <LibraryDrawer
              tab={search.library}
              language="logql"
              query={draft.trim()}
              onRun={(text) => run(text, { tail: search.tail })}
            />
          )
        }
      >
        {query === "" ? (
          <Start onRun={(text) => run(text)} onBrowse={() => setBrowsing(true)} />
        ) : tail ? (
          <Following query={query} clusters={clusters} onNarrow={narrow} onWords={words} />
        ) : (
          <Results question={question} logs={logs} onAgain={again} onNarrow={narrow} onWords={words} />
        )}
      </WithDrawer>
    </PageFrame>
  );
}

/** The question as a link, as LogQL, and as the request that is made of it. */
function Copy({ question, query }: { question: Question; query: string }) {
  const { from, to } = frozen(useRange(), useNow(60_000));
  const body = {
    query,
    cluster_ids: question.clusters,
    start_time: from,
    end_time: to,
    limit: PAGE,
    direction: question.direction,
  };
  return (
    <CopyMenu
      query={{ name: "LogQL", text: query }}
      request={{ method: "POST", path: "/api/v1/logs/query_range", body }}
    />
  );
}
