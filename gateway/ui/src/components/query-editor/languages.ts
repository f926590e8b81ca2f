/** The three query languages: their colours and what completes them. */

import { LanguageSupport, LRLanguage } from "@codemirror/language";
import { parser as logqlParser } from "@grafana/lezer-logql";
import { parser as traceqlParser } from "@grafana/lezer-traceql";
import { styleTags, tags } from "@lezer/highlight";
import { PromQLExtension } from "@prometheus-io/codemirror-promql/dist/esm";
import type { Extension } from "@codemirror/state";
import type { QueryClient } from "@tanstack/react-query";

import { completeLogql } from "@/components/query-editor/logql";
import { completePromql } from "@/components/query-editor/promql";
import type { QueryLanguage } from "@/components/query-editor/query-editor";
import { completeTraceql } from "@/components/query-editor/traceql";

const BRACKETS = { closeBrackets: { brackets: ["(", "[", "{", '"', "`"] } };

const logql = LRLanguage.define({
  parser: logqlParser.configure({
    props: [
      styleTags({
        LineComment: tags.comment,
        "Matcher/Identifier Labels/Identifier LabelName GroupingLabel/Identifier": tags.labelName,
        String: tags.string,
        "Number Duration Bytes": tags.number,
        "RangeOp/... ConvOp/...": tags.function(tags.variableName),
        "VectorOp/...": tags.operatorKeyword,
        "By Without Bool On Ignoring GroupLeft GroupRight Offset Unwrap": tags.modifier,
        "And Or Unless": tags.logicOperator,
        "Json Logfmt Unpack Pattern Regexp LineFormat LabelFormat Decolorize Drop Keep LabelReplace": tags.keyword,
        "PipeExact PipeMatch PipePattern Pipe Npa Nre Neq Re Eq Eql Gtr Gte Lss Lte Add Sub Mul Div Mod Pow":
          tags.operator,
      }),
    ],
  }),
  languageData: BRACKETS,
});

const traceql = LRLanguage.define({
  parser: traceqlParser.configure({
    props: [
      styleTags({
        "LineComment BlockComment": tags.comment,
        "AttributeField/... IntrinsicField": tags.propertyName,
        String: tags.string,
        "Integer Float Duration": tags.number,
        "Aggregate MetricsOverTimeType MetricsOperationBasicType": tags.function(tags.variableName),
        "And Or With": tags.logicOperator,
        "FieldOp ComparisonOp ScalarOp Pipe": tags.operator,
      }),
    ],
  }),
  languageData: BRACKETS,
});

export function languageSupport(
  language: QueryLanguage,
  client: QueryClient,
  scope: () => readonly string[],
): Extension {
  switch (language) {
    case "promql":
      return new PromQLExtension()
        .setComplete({ completeStrategy: completePromql(client, scope) })
        .activateLinter(false)
        .asExtension();
    case "logql":
      return new LanguageSupport(logql, logql.data.of({ autocomplete: completeLogql(client, scope) }));
    case "traceql":
      return new LanguageSupport(traceql, traceql.data.of({ autocomplete: completeTraceql }));
  }
}
