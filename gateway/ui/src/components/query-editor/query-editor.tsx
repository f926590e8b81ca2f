/** A text field for PromQL, LogQL and TraceQL. The editor behind it is loaded when it is first shown. */

import "@/components/query-editor/query-editor.css";

import { lazy, Suspense, useId } from "react";

export type QueryLanguage = "promql" | "logql" | "traceql";

export interface QueryError {
  message: string;
  /** Characters from the start of the query. */
  position?: number | undefined;
}

export interface QueryEditorProps {
  language: QueryLanguage;
  value: string;
  onChange: (value: string) => void;
  /** Enter in one line, Shift+Enter and Ctrl+Enter in several; with the text as it is then. */
  onRun: (value: string) => void;
  /** What is asked here: `Query A`. */
  label: string;
  /** What the hub refused; gone with the next change of the text. */
  error?: QueryError | undefined;
  readOnly?: boolean;
  placeholder?: string;
  /** Ids of the clusters whose names complete what is typed; none: all. */
  clusters?: readonly string[];
}

const Editor = lazy(() => import("@/components/query-editor/editor"));

export function QueryEditor(props: QueryEditorProps) {
  const { value, label, error, placeholder } = props;
  const errorId = useId();
  return (
    <div className={error ? "query-editor has-error" : "query-editor"}>
      <Suspense
        fallback={
          <textarea
            className="query-editor-waiting"
            rows={value.split("\n").length}
            aria-label={label}
            aria-busy="true"
            readOnly
            value={value}
            placeholder={placeholder}
          />
        }
      >
        <Editor {...props} errorId={errorId} />
      </Suspense>
      <div id={errorId} className="query-editor-error" aria-live="polite">
        {error?.message}
      </div>
    </div>
  );
}
