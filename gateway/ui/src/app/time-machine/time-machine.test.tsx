import { act, screen } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { afterEach, expect, test } from "vitest";

import { useOverlay } from "@/app/shell/overlay";
import { TimeMachine } from "@/app/time-machine/time-machine";
import { getListEventsResponseMock } from "@/generated/api.msw";
import { useLiveState } from "@/lib/live";
import { useSettings } from "@/lib/settings";
import { hub } from "@/testing/hub";
import { show } from "@/testing/render";

const asOf = (where: string) => new URLSearchParams(where.split("?")[1]).get("as_of");
afterEach(() => {
  useOverlay.getState().hide();
  useSettings.setState({ zone: "local" });
});

test("a click goes back, and the other filters stay", async () => {
  const { user, where } = await show(<TimeMachine />, { at: "/alerts?severity=CRITICAL" });
  await user.click(screen.getByRole("button", { name: "Live: go to a past instant" }));
  await user.click(await screen.findByRole("button", { name: "1 h ago" }));
  const age = Date.now() - Date.parse(asOf(where())!);
  expect(age).toBeGreaterThanOrEqual(3_600_000);
  expect(age).toBeLessThan(3_610_000);
  expect(where()).toContain("severity=CRITICAL");
  expect(screen.getByRole("button", { name: /^The past/ })).toBeVisible();
});

test("just before the latest change is one click away, and which change that was is said", async () => {
  const [record] = getListEventsResponseMock().items;
  const items = [{ ...record!, event_type: "CLUSTER_DELETED", cluster_name: "edge-3", logged_at: "2026-03-04T12:00:00.000250Z" }];
  hub.use(http.get("*/api/v1/events", () => HttpResponse.json({ items, next_cursor: null })));
  const { user, where } = await show(<TimeMachine />);
  await user.click(screen.getByRole("button"));
  const change = await screen.findByRole("button", { name: /Cluster deleted.* on edge-3/ });
  await user.click(change);
  expect(asOf(where())).toBe("2026-03-04T11:59:59.999Z");
});

test("a date and time is taken in the zone of the settings", async () => {
  useSettings.setState({ zone: "utc" });
  const { user, where } = await show(<TimeMachine />);
  await user.click(screen.getByRole("button"));
  const field = await screen.findByLabelText("Date and time (UTC)");
  await user.clear(field);
  await user.type(field, "2026-03-04T12:00:05");
  await user.click(screen.getByRole("button", { name: "Go there" }));
  expect(asOf(where())).toBe("2026-03-04T12:00:05.000Z");
});

test("the future cannot be gone to", async () => {
  const { user } = await show(<TimeMachine />);
  await user.click(screen.getByRole("button"));
  const field = await screen.findByLabelText(/Date and time/);
  await user.clear(field);
  await user.type(field, "2199-01-01T00:00:00");
  expect(screen.getByText("That is still to come.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Go there" })).toBeDisabled();
});

test("while the connection is lost nothing is said to be live", async () => {
  await show(<TimeMachine />);
  expect(screen.getByRole("button", { name: "Live: go to a past instant" })).toBeVisible();
  act(() => useLiveState.setState({ connection: "reconnecting" }));
  expect(screen.getByRole("button", { name: "Not live: go to a past instant" })).toHaveTextContent("Not live");
  act(() => useLiveState.setState({ connection: "live" }));
  expect(screen.getByRole("button")).toHaveTextContent(/^Live$/);
});
