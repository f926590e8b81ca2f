import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";

import { analysis, answering, detail, entry, showIncident } from "@/features/incidents/testing";
import { usePlayback } from "@/lib/playback";
import { hub } from "@/testing/hub";

vi.setConfig({ testTimeout: 20_000 });
const PATIENT = { timeout: 5_000 };

const TIMELINE = [
  entry(2, { at: "2026-01-31T12:00:30Z", added: 4 }),
  entry(1, { event_type: "INCIDENT_OPENED", at: "2026-01-31T12:00:00Z", signals: 3, lasting: 3 }),
];
const OVER = detail(1, { state: "RESOLVED", resolved_at: "2026-01-31T12:10:00Z", lasting: 0 });

const dock = async () => within(await screen.findByRole("region", { name: "Replay of the incident" }, PATIENT));
const slider = async () => (await dock()).getByRole("slider", { name: /^Instant of the incident/ });

beforeEach(() => {
  usePlayback.setState({ playing: false, speed: 60, played: [] });
  answering({ one: OVER, timeline: TIMELINE, analyses: [analysis()] });
});

test("moving the slider sets the instant of the time machine, in the URL", async () => {
  const { where } = await showIncident(1);
  fireEvent.change(await slider(), { target: { value: Date.parse("2026-01-31T12:01:00Z") } });
  await waitFor(() => expect(where()).toContain("as_of=2026-01-31T12:01:00.000Z"), PATIENT);
  expect(await slider()).toHaveAttribute(
    "aria-valuetext",
    expect.stringMatching(/, 1 min after the hub knew of it; 40 signals, 30 last; 4 signals joined 30 s before/),
  );
});

test("everything of the incident is read as of that instant", async () => {
  const asked = answering({ one: OVER, timeline: TIMELINE });
  await showIncident(1);
  fireEvent.change(await slider(), { target: { value: Date.parse("2026-01-31T12:01:00Z") } });
  const instant = "2026-01-31T12:01:00.000Z";
  await waitFor(() => expect(asked.one.map((each) => each.get("as_of"))).toContain(instant), PATIENT);
  expect(asked.signals.map((each) => each.get("as_of"))).toContain(instant);
});

test("keys move it by steps, from moment to moment, and to both ends", async () => {
  const { user, where } = await showIncident(1, "?as_of=2026-01-31T12:05:00.000Z");
  const shown = await slider();
  shown.focus();
  const now = () => Number(shown.getAttribute("value") ?? (shown as HTMLInputElement).value);
  await user.keyboard("{ArrowLeft}");
  expect(now()).toBe(Date.parse("2026-01-31T12:04:55Z"));
  await user.keyboard("{PageDown}");
  expect(now()).toBe(Date.parse("2026-01-31T12:00:30.001Z"));
  await user.keyboard("{Home}");
  await waitFor(() => expect(where()).toContain("as_of=2026-01-31T11:59:29.950Z"), PATIENT);
  await user.keyboard("{End}");
  await waitFor(() => expect(where()).toContain("as_of=2026-01-31T12:10:01.000Z"), PATIENT);
});

test("before it opened the slider is still there, to go on from", async () => {
  hub.use(
    http.get("*/api/v1/incidents/:id", ({ request }) =>
      new URL(request.url).searchParams.has("as_of")
        ? HttpResponse.json({ error: { code: "INCIDENT_NOT_FOUND", message: "there is none", details: {} } }, { status: 404 })
        : HttpResponse.json(OVER),
    ),
  );
  await showIncident(1, "?as_of=2026-01-31T11:59:45.000Z");
  expect(await screen.findByText("Not open yet at that instant", {}, PATIENT)).toBeInTheDocument();
  expect(await slider()).toHaveAttribute("aria-valuetext", expect.stringContaining("15 s before the hub knew of it"));
});

test("playing begins before it opened, at the speed that is chosen, and can be paused", async () => {
  const { user, where } = await showIncident(1);
  const shown = await dock();
  await user.selectOptions(shown.getByRole("combobox", { name: "Speed of the replay" }), "×600");
  await user.click(shown.getByRole("button", { name: "Replay the incident" }));
  await waitFor(() => expect(where()).toContain("as_of=2026-01-31T11:59:29.950Z"), PATIENT);
  expect(usePlayback.getState()).toMatchObject({ playing: true, speed: 600 });
  await user.click(await shown.findByRole("button", { name: "Pause the replay" }));
  expect(usePlayback.getState().playing).toBe(false);
});

test("at the end of one that is over the replay pauses", async () => {
  usePlayback.setState({ playing: true });
  await showIncident(1, "?as_of=2026-01-31T12:10:02.000Z");
  await slider();
  await waitFor(() => expect(usePlayback.getState().playing).toBe(false), PATIENT);
});

test("of one that lasts the end is now: the present is shown again", async () => {
  answering({ one: detail(1), timeline: TIMELINE });
  const { user, where } = await showIncident(1, "?as_of=2026-01-31T12:05:00.000Z");
  (await slider()).focus();
  await user.keyboard("{End}");
  await waitFor(() => expect(where()).not.toContain("as_of"), PATIENT);
  expect(await slider()).toHaveAttribute("aria-valuetext", "now, move the mark to see it as it was");
});
