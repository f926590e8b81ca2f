import { expect, test } from "vitest";

import { after, frameOf, NEW_TURN, type Frame, type LiveTurn } from "@/features/chat/stream/turn";

const T = "t1";
const told = (...frames: Frame[]): LiveTurn => frames.reduce(after, NEW_TURN);
const start = (round: number): Frame => ({ name: "message_start", turn_id: T, round });
const words = (text: string, at: number, reset = false): Frame => ({ name: "content_delta", turn_id: T, text, at, reset });
const use = (call_id: string, round: number): Frame => ({ name: "tool_use", turn_id: T, call_id, tool: "list_alerts", arguments: { state: "FIRING" }, round });
const result = (call_id: string): Frame => ({ name: "tool_result", turn_id: T, call_id, tool: "list_alerts", status: "SUCCESS", code: null, result: { data: 1 }, latency_ms: 5 });
const texts = ({ steps }: LiveTurn) => steps.map(({ text }) => text);

test("words come one after the other, and each round has its own", () => {
  const turn = told(start(1), words("Let ", 0), words("me look.", 4), use("a", 1), result("a"), start(2), words("Two ", 0), words("fire.", 4));
  expect(texts(turn)).toEqual(["Let me look.", "Two fire."]);
  expect(turn.steps[0]!.calls).toMatchObject([{ id: "a", status: "SUCCESS", arguments: { state: "FIRING" } }]);
});

test("what does not fit is left out until all of it is told", () => {
  const gap = told(start(1), words("One ", 0), words("three", 8));
  expect([texts(gap), gap.isMissingWords]).toEqual([["One "], true]);
  const whole = [words("!", 13), words("One two three!", 0, true), words(" Four.", 14)].reduce(after, gap);
  expect([texts(whole), whole.isMissingWords]).toEqual([["One two three! Four."], false]);
});

test("what was heard already is not heard twice", () => {
  const turn = told(start(1), words("One ", 0), words("two", 4), words("two", 4), start(1), use("a", 1), use("a", 1));
  expect(texts(turn)).toEqual(["One two"]);
  expect(turn.steps[0]!.calls).toHaveLength(1);
  expect(turn.isMissingWords).toBe(false);
});

test("another model begins anew", () => {
  expect(texts(told(start(1), words("Well, ", 0), words("", 0, true), words("No model", 0)))).toEqual(["No model"]);
});

test("the hub counts characters, whatever they need here", () => {
  expect(texts(told(start(1), words("😀 ", 0), words("ok", 2)))).toEqual(["😀 ok"]);
});

test("whoever comes later hears words of a round whose beginning they missed", () => {
  const turn = told(start(1), use("a", 1), result("a"), words("late", 40), words("from the beginning, late", 0, true));
  expect(texts(turn)).toEqual(["", "from the beginning, late"]);
});

test("a result whose call was missed is shown all the same", () => {
  expect(told(result("x")).steps).toMatchObject([{ round: 1, calls: [{ id: "x", status: "SUCCESS", arguments: {} }] }]);
});

test("another turn has nothing of this one", () => {
  const turn = after(told(start(1), words("One", 0)), { name: "message_start", turn_id: "t2", round: 1 });
  expect(turn).toMatchObject({ id: "t2", steps: [{ text: "" }] });
});

test("what a newer hub tells is no fault", () => {
  expect(frameOf("thought", "{}")).toBeUndefined();
  expect(frameOf("cancelled", `{"turn_id":"${T}"}`)).toEqual({ name: "cancelled", turn_id: T });
});
