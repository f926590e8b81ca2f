import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { Group, Item } from "@/components/neighbourhood/group";
import { show } from "@/testing/render";

const group = (many: number) => (
  <Group
    title="Pods"
    asked={{ data: many, error: null, refetch: () => {} }}
    none="None."
    items={(found) => Array.from({ length: found }, (_, at) => <Item key={at} name={`pod-${at}`} />)}
  />
);

test("a few are shown, then a hundred, and then it is said that these are not all", async () => {
  const { user } = await show(group(5_000));
  expect(screen.getAllByRole("listitem")).toHaveLength(6);
  await user.click(screen.getByRole("button", { name: "and 4,994 more" }));
  expect(screen.getAllByRole("listitem")).toHaveLength(100);
  expect(screen.getByText("The first 100 of 5,000.")).toBeVisible();
});

test("of a few more than a few all are shown", async () => {
  const { user } = await show(group(20));
  await user.click(screen.getByRole("button", { name: "and 14 more" }));
  expect(screen.getAllByRole("listitem")).toHaveLength(20);
  expect(screen.queryByText(/The first/)).toBeNull();
});
