/** What the editor is in every language: keys, looks, and whom it tells of changes. */

import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
  completionStatus,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { Annotation, Compartment, EditorState, Prec, type Extension } from "@codemirror/state";
import { EditorView, keymap, placeholder, type Command } from "@codemirror/view";

import { theme } from "@/components/query-editor/theme";

/** Marks a change that came by `value`, of which nobody has to be told. */
export const fromOutside = Annotation.define<boolean>();

/** Label, placeholder and whether it may be written to: may change while it is shown. */
export const contentLook = new Compartment();

interface Look {
  label: string;
  errorId: string;
  readOnly: boolean;
  placeholder: string;
}

export function lookOf({ label, errorId, readOnly, placeholder: hint }: Look): Extension {
  return [
    EditorView.contentAttributes.of({
      "aria-label": label,
      "aria-describedby": errorId,
      ...(readOnly ? { "aria-readonly": "true" } : {}),
    }),
    EditorState.readOnly.of(readOnly),
    hint === "" ? [] : placeholder(hint),
  ];
}

interface Told {
  onChange: (text: string) => void;
  onRun: (text: string) => void;
}

export function base({ onChange, onRun }: Told): Extension {
  const run: Command = ({ state }) => {
    onRun(state.doc.toString());
    return true;
  };
  const runOneLine: Command = (view) => {
    if (view.state.doc.lines > 1) return false;
    if (isOffered(view.state)) {
      // Refused in its first moment, as it has come under a key that was meant for the text.
      acceptCompletion(view);
      return true;
    }
    closeCompletion(view);
    return run(view);
  };
  return [
    EditorView.cspNonce.of(nonce()),
    history(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ defaultKeymap: false, icons: false, maxRenderedOptions: 100, aboveCursor: false }),
    EditorView.lineWrapping,
    theme,
    Prec.highest(
      keymap.of([
        { key: "Shift-Enter", run },
        { key: "Mod-Enter", run },
        { key: "Ctrl-Enter", run },
        { key: "Alt-Enter", run: insertNewlineAndIndent },
        { key: "Enter", run: runOneLine },
        { key: "Tab", run: acceptCompletion },
        ...completionKeymap,
      ]),
    ),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.updateListener.of(({ docChanged, transactions, state }) => {
      if (!docChanged || transactions.some((each) => each.annotation(fromOutside))) return;
      onChange(state.doc.toString());
    }),
  ];
}

/** Something is offered that does not stand there already, whole. */
function isOffered(state: EditorState): boolean {
  if (completionStatus(state) !== "active") return false;
  const before = state.sliceDoc(0, state.selection.main.head);
  const chosen = selectedCompletion(state);
  return chosen === null || !before.endsWith(chosen.label);
}

/** Styles are let in only with the nonce that came with the page. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}
