import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";

import { answer, answering, call, question, showChat, step } from "@/features/chat/testing";
import { incidentOf } from "@/features/chat/transcript/ways";

const ID = "0199c0de-0000-7000-8000-0000000000aa";
const OTHER = "0199c0de-0000-7000-8000-0000000000bb";
const asking = (...ids: unknown[]) => [step({ calls: ids.map((incident_id, at) => call({ id: `1-${at}`, arguments: { incident_id } })) })];
const resting = (link: string) => [{ start: 0, end: 2, kind: "FACT" as const, evidence: [{ kind: "TOOL" as const, label: "get_incident", link }] }];

test("an answer about one incident leads to it and to its report", async () => {
  answering({ messages: [question(), answer({ steps: asking(ID) })] });
  await showChat();
  const ways = within(await screen.findByRole("navigation", { name: "From here" }));
  expect(ways.getByRole("link", { name: "The incident" })).toHaveAttribute("href", `/incidents/${ID}`);
  expect(ways.getByRole("link", { name: "Report on it" })).toHaveAttribute("href", `/reports?report=new&of=${ID}`);
});

test("an answer about none or several leads nowhere", async () => {
  answering({ messages: [question(), answer({ steps: asking(ID, OTHER) })] });
  await showChat();
  await screen.findByRole("article", { name: "Answer" });
  expect(screen.queryByRole("navigation", { name: "From here" })).not.toBeInTheDocument();
});

test("which incident it is about", () => {
  expect(incidentOf({ steps: asking(ID, ID), claims: [] })).toBe(ID);
  expect(incidentOf({ steps: asking("../x", 7), claims: [] })).toBeUndefined();
  expect(incidentOf({ steps: [], claims: resting(`/api/v1/incidents/${ID}`) as never })).toBe(ID);
  expect(incidentOf({ steps: asking(OTHER), claims: resting(`/api/v1/incidents/${ID}`) as never })).toBeUndefined();
  expect(incidentOf({ steps: [], claims: resting(`/api/v1/clusters/${ID}`) as never })).toBeUndefined();
});
