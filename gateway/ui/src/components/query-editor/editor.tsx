/** The editor itself: CodeMirror, told what React knows and telling what was typed. */

import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";

import { base, contentLook, fromOutside, lookOf } from "@/components/query-editor/base";
import { languageSupport } from "@/components/query-editor/languages";
import { errors, showError } from "@/components/query-editor/problems";
import type { QueryEditorProps } from "@/components/query-editor/query-editor";

interface EditorProps extends QueryEditorProps {
  errorId: string;
}

export default function Editor(props: EditorProps) {
  const { language, value, label, error, errorId, readOnly = false, placeholder = "", clusters } = props;
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const client = useQueryClient();
  const scope = useRef(clusters);
  useEffect(() => {
    scope.current = clusters;
  }, [clusters]);

  const changed = useEffectEvent(props.onChange);
  const run = useEffectEvent(props.onRun);
  const current = useEffectEvent(() => ({ value, error, look: { label, errorId, readOnly, placeholder } }));

  useEffect(() => {
    const { value: doc, error: known, look } = current();
    const created = new EditorView({
      parent: parent.current!,
      state: EditorState.create({
        doc,
        extensions: [
          base({ onChange: (text) => changed(text), onRun: (text) => run(text) }),
          languageSupport(language, client, () => scope.current ?? []),
          errors(language),
          contentLook.of(lookOf(look)),
        ],
      }),
    });
    if (known) showError(created, known);
    view.current = created;
    return () => created.destroy();
  }, [language, client]);

  useEffect(() => {
    const shown = view.current;
    if (!shown || shown.state.doc.toString() === value) return;
    shown.dispatch({
      changes: { from: 0, to: shown.state.doc.length, insert: value },
      annotations: fromOutside.of(true),
    });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({
      effects: contentLook.reconfigure(lookOf({ label, errorId, readOnly, placeholder })),
    });
  }, [label, errorId, readOnly, placeholder]);

  useEffect(() => {
    if (view.current) showError(view.current, error);
  }, [error]);

  return <div ref={parent} className="query-editor-field" />;
}
