import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";

import { useEntries } from "@/app/palette/use-entries";
import type { Whoami } from "@/generated/api.schemas";
import { asking } from "@/testing/hub";
import { show } from "@/testing/render";

function Titles() {
  return <ul>{useEntries("").map(({ id, title }) => <li key={id}>{title}</li>)}</ul>;
}

const ONLY_FOR_THOSE_WHO_RULE = ["Operations", "Audit", "Add a cluster"];

test.each<[string, Partial<Whoami>, string[]]>([
  ["an administrator of all clusters", {}, ONLY_FOR_THOSE_WHO_RULE],
  ["an administrator of one", { clusters: ["c1"] }, []],
  ["a viewer", { role: "viewer" }, []],
])("what one may not do is not found: %s", async (_, me, found) => {
  asking(me);
  await show(<Titles />);
  await waitFor(() => {
    const shown = screen.getAllByRole("listitem").map(({ textContent }) => textContent);
    expect(shown).toContain("Settings");
    expect(shown.filter((title) => ONLY_FOR_THOSE_WHO_RULE.includes(title))).toEqual(found);
  });
});

function Asked({ typed }: { typed: string }) {
  const asked = useEntries(typed).find(({ id }) => id === "action:ask");
  return <p>{asked === undefined ? "no question" : `${asked.title} at ${asked.to} ${JSON.stringify(asked.search)}`}</p>;
}

test.each([
  ["why is edge-3 slow", 'Ask: why is edge-3 slow at /chat {"ask":"why is edge-3 slow"}'],
  ["healthy?", 'Ask: healthy? at /chat {"ask":"healthy?"}'],
  ["edge-3", "no question"],
  [":edge 3", "no question"],
  ["", "no question"],
])("several words can be asked: %s", async (typed, told) => {
  await show(<Asked typed={typed} />);
  expect(await screen.findByText(told)).toBeInTheDocument();
});
