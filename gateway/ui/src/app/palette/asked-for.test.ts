import { expect, test } from "vitest";

import { namedIn, numberOf, queryOf, questionOf, questionsOffered } from "@/app/palette/asked-for";

const CLUSTERS = [
  { id: "id-2", name: "edge-2" },
  { id: "id-21", name: "edge-21" },
  { id: "id-h", name: "hub-1.example" },
];
const asked = (typed: string) => questionOf(typed, CLUSTERS)[0];

test.each([
  ["what is wrong with edge-2", "first"],
  ["edge-2 healthy?", "first"],
  ["Why so slow", "first"],
  ["? gpu idle", "first"],
  ["edge-2", "last"],
  ["whatever", "last"],
])("%s: asking comes %s", (typed, pin) => expect(asked(typed)?.pin).toBe(pin));

test("a question goes to a new chat, about the clusters that it names as whole words", () => {
  expect(asked("What is wrong with edge-2, and with HUB-1.example?")).toMatchObject({
    title: "Ask the assistant: What is wrong with edge-2, and with HUB-1.example?",
    hint: "about edge-2, hub-1.example",
    to: "/chat",
    search: { ask: "What is wrong with edge-2, and with HUB-1.example?", cluster: ["id-2", "id-h"] },
  });
  expect(namedIn("is edge-2. well", CLUSTERS).map(({ id }) => id)).toEqual(["id-2"]);
  expect(asked("?why")?.search).toEqual({ ask: "why" });
});

test.each(["", "x", ":edge 3", ">dark", "#12", "?"])("%s is nothing to ask", (typed) => expect(questionOf(typed, CLUSTERS)).toEqual([]));

test("a lone question mark says what can be asked", () => {
  expect(questionsOffered(" ? ").map(({ to }) => to)).toEqual(["/chat", "/chat", "/chat"]);
  expect(questionsOffered("?x")).toEqual([]);
});

test.each([
  ['up{job="node"}', "/observability/metrics", { query: ['up{job="node"}'] }],
  ["up{}", "/observability/metrics", { query: ["up{}"] }],
  ["rate(http_requests_total[5m])", "/observability/metrics", { query: ["rate(http_requests_total[5m])"] }],
  ["sum by (namespace) (up)", "/observability/metrics", { query: ["sum by (namespace) (up)"] }],
  ['{app="upf"} |= "error"', "/observability/logs", { query: '{app="upf"} |= "error"' }],
  ["{ span.http.status_code = 500 }", "/observability/traces", { query: "{ span.http.status_code = 500 }" }],
  ['{.service="x"}', "/observability/traces", { query: '{.service="x"}' }],
])("%s is asked at %s", (typed, to, search) => expect(queryOf(typed)).toMatchObject([{ to, search, pin: "first" }]));

test.each(["up", "sum of all", "edge-2", "what is up{", "round"])("%s is no query", (typed) => expect(queryOf(typed)).toEqual([]));

test("numbers lead to events and traces", () => {
  expect(numberOf(" #123 ")).toMatchObject([{ to: "/events", search: { event: 123 } }]);
  expect(numberOf("4BF92F3577B34DA6A3CE929D0E0E4736")).toMatchObject([
    { to: "/observability/traces", search: { trace: "4bf92f3577b34da6a3ce929d0e0e4736" } },
  ]);
  for (const typed of ["#0", "#x", "123", "4bf9"]) expect(numberOf(typed)).toEqual([]);
});
