/** What is wrong with a query, underlined: what its grammar finds at once, and what the hub has refused. */

import { forceLinting, linter, type Diagnostic } from "@codemirror/lint";
import { StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { newLintStrategy } from "@prometheus-io/codemirror-promql/dist/esm/lint";

import type { QueryError, QueryLanguage } from "@/components/query-editor/query-editor";

const told = StateEffect.define<QueryError | undefined>();

/** The hub's word on this very text; any change makes it old. */
const refusal = StateField.define<QueryError | undefined>({
  create: () => undefined,
  update(known, transaction) {
    for (const effect of transaction.effects) if (effect.is(told)) return effect.value;
    return transaction.docChanged ? undefined : known;
  },
});

export function showError(view: EditorView, error: QueryError | undefined): void {
  if (view.state.field(refusal) === error) return;
  view.dispatch({ effects: told.of(error) });
  forceLinting(view);
}

export function errors(language: QueryLanguage): Extension {
  const strategy = newLintStrategy();
  const ofGrammar = language === "promql" ? strategy.promQL() : () => [];
  return [
    refusal,
    linter(
      async (view) => {
        const refused = view.state.field(refusal);
        if (refused) return [underlined(view.state, refused)];
        return view.state.doc.length === 0 ? [] : await ofGrammar(view);
      },
      {
        needsRefresh: ({ transactions }) =>
          transactions.some(({ effects }) => effects.some((each) => each.is(told))),
      },
    ),
  ];
}

/** From the place that was named to the end of the word there; without a place, all of it. */
function underlined(state: EditorState, { message, position }: QueryError): Diagnostic {
  const text = state.doc.toString();
  if (position === undefined) return { from: 0, to: text.length, severity: "error", message };
  const from = Math.max(0, Math.min(position, text.length - 1));
  const word = /^[\w:]+/.exec(text.slice(from))?.[0].length ?? 1;
  return { from, to: Math.min(text.length, from + word), severity: "error", message };
}
