import { expect, test } from "vitest";

import { justAfter, levelOf, lineOf, plain, pretty, traceOf } from "@/features/observability/logs/line";

const line = (message: string, stream: Record<string, string> = {}) => ({ message, stream });

test.each([
  ["ts=1 level=warn msg=slow", {}, "warning"],
  ['{"severity":"ERROR","msg":"x"}', {}, "error"],
  ["E1126 04:20:29.1 1 reflector.go:1] failed", {}, "error"],
  ["2026-11-26 04:20 [FATAL] gone", {}, "critical"],
  ["no such table ERRORS", {}, undefined],
  ["GET /error 200", {}, undefined],
  ["level=info but the label counts", { detected_level: "error" }, "error"],
])("the level of %s", (message, stream, level) => {
  expect(levelOf(line(message, stream as Record<string, string>))).toBe(level);
});

test.each([
  ["trace_id=462bb88a6b8528f9704135ada1ead60e", "462bb88a6b8528f9704135ada1ead60e"],
  ['{"traceId":"462bb88a6b8528f9"}', "462bb88a6b8528f9"],
  ["traceparent: 00-462bb88a6b8528f9704135ada1ead60e-00f067aa0ba902b7-01", "462bb88a6b8528f9704135ada1ead60e"],
  ["id=462bb88a6b8528f9704135ada1ead60e", undefined],
])("the trace in %s", (message, trace) => {
  expect(traceOf(line(message))).toBe(trace);
});

test("the next page ends in the first microsecond after the last line", () => {
  expect(justAfter("2026-11-26T04:20:29.382324932Z")).toBe("2026-11-26T04:20:29.382325Z");
  expect(justAfter("2026-11-26T04:20:59.999999999Z")).toBe("2026-11-26T04:21:00.000000Z");
  expect(justAfter("2026-11-26T04:20:59Z")).toBe("2026-11-26T04:20:59.000001Z");
});

test("a line has the same key however it came, another line another one", () => {
  const one = {
    cluster_id: "c",
    cluster_name: "c",
    timestamp: "2026-11-26T04:20:29.382324932Z",
    ...line("x", { app: "a" }),
  };
  expect(lineOf({ ...one, late: true }).key).toBe(lineOf(one).key);
  expect(lineOf({ ...one, message: "y" }).key).not.toBe(lineOf(one).key);
});

test("JSON is put in lines, all else is left", () => {
  expect(pretty('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(pretty("{no json}")).toBeUndefined();
  expect(plain("\u001B[31mred\u001B[0m \n")).toBe("red");
});
