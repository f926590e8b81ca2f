import { screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";

import { LiveToggle } from "@/components/live-toggle";
import { useLiveState } from "@/lib/live";
import { show } from "@/testing/render";

const toggle = (paused: boolean, waiting: number) => <LiveToggle paused={paused} waiting={waiting} onChange={() => {}} />;

afterEach(() => useLiveState.setState(useLiveState.getInitialState()));

test("what is new is counted, as far as that is worth it", async () => {
  await show(toggle(true, 12));
  expect(screen.getByRole("button")).toHaveTextContent("Paused · 12 new");
  await show(toggle(false, 2_500));
  expect(screen.getByRole("button", { name: "Held · 1,000+ new" })).toBeInTheDocument();
});

test("without a connection nothing is said to be live", async () => {
  useLiveState.setState({ connection: "reconnecting" });
  await show(toggle(false, 0));
  expect(screen.getByRole("button")).toHaveTextContent("Not live now");
});

test("what is not live by the hub's stream does not stand still without it", async () => {
  useLiveState.setState({ connection: "reconnecting" });
  await show(<LiveToggle live="Refreshing every 15 s" paused={false} waiting={0} onChange={() => {}} />);
  expect(screen.getByRole("button")).toHaveTextContent("Refreshing every 15 s");
});

test("while the past is shown there is nothing to pause", async () => {
  await show(toggle(false, 0), { at: "/?as_of=2026-01-31T12:00:00Z" });
  expect(screen.queryByRole("button")).not.toBeInTheDocument();
});
