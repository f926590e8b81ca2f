/** Colours of the query languages, by tokens that follow the theme of the page. */

import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "transparent", fontSize: "var(--query-size)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", maxHeight: "12rem" },
  ".cm-content": { padding: "0.45rem 0", caretColor: "var(--text)", minHeight: "1.5em" },
  ".cm-line": { padding: "0 0.65rem" },
  ".cm-placeholder": { color: "var(--quiet)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--query-match)",
    outline: "1px solid var(--line)",
  },
  "&.cm-focused .cm-nonmatchingBracket": { color: "var(--danger)", backgroundColor: "transparent" },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--floating)",
    border: "1px solid var(--line)",
    borderRadius: "var(--radius)",
    boxShadow: "var(--pf-t--global--box-shadow--md)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.15rem 0.6rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--query-chosen-text)",
    backgroundColor: "var(--query-chosen)",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { color: "inherit", opacity: "0.8", fontStyle: "normal" },
  ".cm-tooltip.cm-completionInfo": { maxWidth: "22rem", padding: "0.4rem 0.6rem" },
  ".cm-diagnostic": { padding: "0.3rem 0.6rem" },
  ".cm-diagnostic-error": { borderInlineStart: "3px solid var(--danger)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--danger)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--warning)",
    textUnderlineOffset: "3px",
  },
  ".cm-lintPoint::after": { borderBottomColor: "var(--danger)" },
});

const colours = HighlightStyle.define([
  { tag: [tags.operatorKeyword, tags.modifier, tags.keyword, tags.logicOperator], color: "var(--query-keyword)" },
  { tag: tags.function(tags.variableName), color: "var(--query-function)" },
  { tag: [tags.labelName, tags.propertyName], color: "var(--query-label)" },
  { tag: tags.string, color: "var(--query-string)" },
  { tag: [tags.number, tags.bool], color: "var(--query-number)" },
  { tag: tags.comment, color: "var(--quiet)" },
]);

export const theme = [look, syntaxHighlighting(colours)];
