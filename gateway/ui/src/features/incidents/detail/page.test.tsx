import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import {
  answering,
  CLUSTER,
  detail,
  entry,
  headOf,
  incident,
  incidentId,
  listOf,
  OTHER_CLUSTER,
  showIncident,
  signal,
  signalId,
} from "@/features/incidents/testing";
import { getWhoAmIQueryKey } from "@/generated/api";
import type { Whoami } from "@/generated/api.schemas";
import { hub } from "@/testing/hub";
import { hearing } from "@/testing/live";

const SIGNALS = [signal(1), signal(2, { kind: "ANOMALY", name: "cpu_seconds", ended_at: "2026-01-31T12:09:00Z" })];
const TIMELINE = [
  entry(3, { event_type: "INCIDENT_ACKNOWLEDGED", actor: "ada", reason: "I look at it", at: "2026-01-31T12:05:00Z", added: 0 }),
  entry(2, { reason: "4 joined: same node as 3 of 4", added: 4, at: "2026-01-31T12:00:30Z" }),
  entry(1, { event_type: "INCIDENT_OPENED", reason: "it belongs to nothing that is known", added: 3, at: "2026-01-31T12:00:00Z" }),
];

const named = (name: string) => screen.findByRole("heading", { level: 1, name });
// What may be done is offered once it is known who is here.
const button = (name: string) => screen.findByRole("button", { name });
const lines = async () => within(await screen.findByRole("list", { name: "What happened, newest first" }));

beforeEach(() => void answering({ one: detail(1), signals: SIGNALS, timeline: TIMELINE }));

/** What is sent to change it; `answer` is what the hub says then. */
function changes(what: string, answer: () => Response): unknown[] {
  const bodies: unknown[] = [];
  hub.use(
    http.post(`*/api/v1/incidents/${incidentId(1)}/${what}`, async ({ request }) => {
      bodies.push(await request.json());
      return answer() as never;
    }),
  );
  return bodies;
}

const refusing = (message: string, details: object = {}) => () =>
  HttpResponse.json({ error: { code: "VERSION_CONFLICT", message, details } }, { status: 409 }) as unknown as Response;

test("an incident is shown with what it is, what belongs to it and why, and what happened", async () => {
  await showIncident(1);
  await named("Incident1");
  expect(screen.getByText("30 last", { exact: false, selector: "dd *" })).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Around this incident" })).toBeInTheDocument();
  const row = (await screen.findByText("Signal1")).closest("[role=row]");
  expect(row).toHaveTextContent(/Alert: Signal1.*pod shop\/cart-1 · edge-1.*same node as 3 of 4 · 80 %.*lasts/);
  const happened = await lines();
  expect(happened.getByText("Acknowledged by ada")).toBeInTheDocument();
  expect(happened.getByText("I look at it")).toBeInTheDocument();
  expect(happened.getByText("4 signals joined")).toBeInTheDocument();
  expect(happened.getByText("Opened with 3 signals")).toBeInTheDocument();
  const [then] = happened.getAllByRole("link", { name: /^As it was at/ });
  expect(then).toHaveAttribute("href", `/incidents/${incidentId(1)}?as_of=2026-01-31T12:05:00.001Z`);
});

test("what comes in a storm is one line a minute, unfolded on demand", async () => {
  const storm = Array.from({ length: 30 }, (_, at) => entry(100 - at, { at: `2026-01-31T12:00:${59 - at}Z`, added: 2 }));
  answering({ one: detail(1), timeline: storm });
  const { user } = await showIncident(1);
  const happened = await lines();
  expect(happened.getByText("60 signals joined")).toBeInTheDocument();
  await user.click(happened.getByText(/30 changes/));
  expect(happened.getAllByText(/2 signals joined/)).toHaveLength(30);
});

test("the shape of the storm is gone through by keys, and leads to how it was then", async () => {
  const { user } = await showIncident(1);
  const shape = await screen.findByRole("slider", { name: /^Signals over time/ });
  shape.focus();
  await user.keyboard("{Home}{ArrowRight}");
  expect(shape).toHaveAttribute("aria-valuetext", expect.stringContaining("7 signals joined"));
  const panel = within(screen.getByRole("region", { name: "Signals over time" }));
  const then = panel.getByRole("link", { name: /^As it was at/ }).getAttribute("href")!;
  expect(Date.parse(new URL(then, "http://hub.test").searchParams.get("as_of")!)).toBeGreaterThan(Date.parse("2026-01-31T12:00:30Z"));
});

test("it is acknowledged with a word why, shown at once, and stays so when the hub has done it", async () => {
  let done: (() => void) | undefined;
  const acknowledged = detail(1, { state: "ACKNOWLEDGED", acknowledged_by: "ada", acknowledged_at: "2026-01-31T12:11:00Z" });
  const bodies: unknown[] = [];
  hub.use(
    http.post(`*/api/v1/incidents/${incidentId(1)}/acknowledge`, async ({ request }) => {
      bodies.push(await request.json());
      await new Promise<void>((resolve) => (done = resolve));
      answering({ one: acknowledged, signals: SIGNALS, timeline: TIMELINE });
      return HttpResponse.json(acknowledged);
    }),
  );
  const { user } = await showIncident(1);
  await named("Incident1");
  await user.click(await button("Acknowledge"));
  const dialog = within(await screen.findByRole("dialog", { name: "Acknowledge this incident?" }));
  await user.type(dialog.getByRole("textbox", { name: "Why" }), "it is the switch");
  await user.click(dialog.getByRole("button", { name: "Acknowledge" }));
  expect(await screen.findByText(/being written/)).toBeInTheDocument();
  expect(screen.getByText("Acknowledged")).toBeInTheDocument();
  await waitFor(() => expect(done).toBeDefined());
  done!();
  await waitFor(() => expect(screen.queryByText(/being written/)).not.toBeInTheDocument());
  expect(screen.getByText(/ada, since/)).toBeInTheDocument();
  expect(bodies).toEqual([{ comment: "it is the switch" }]);
  expect(screen.queryByRole("button", { name: "Acknowledge" })).not.toBeInTheDocument();
});

test("what somebody else was faster with is said in words, and taken back", async () => {
  changes("acknowledge", refusing("the incident is acknowledged by grace", { state: "ACKNOWLEDGED" }));
  const { user } = await showIncident(1);
  await named("Incident1");
  await user.click(await button("Acknowledge"));
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Acknowledge" }));
  expect(await screen.findByText(/was not acknowledged: it has changed meanwhile/)).toBeInTheDocument();
  expect(screen.getByText(/the incident is acknowledged by grace/)).toBeInTheDocument();
  expect(screen.getByText("nobody yet")).toBeInTheDocument();
});

test("one that has gone into another meanwhile leads there", async () => {
  changes("resolve", refusing("it went into another", { merged_into: incidentId(7) }));
  const { user } = await showIncident(1);
  await named("Incident1");
  await user.click(await button("Resolve"));
  const dialog = within(await screen.findByRole("dialog", { name: "Resolve this incident?" }));
  expect(dialog.getByText(/30 signals of it still last/)).toBeInTheDocument();
  await user.click(dialog.getByRole("button", { name: "Resolve" }));
  expect(await screen.findByRole("link", { name: "another incident" })).toHaveAttribute("href", `/incidents/${incidentId(7)}`);
});

test("a change that the hub could not do is tried again on demand, with what was written", async () => {
  const broken = () => HttpResponse.json({ error: { code: "BUS_UNAVAILABLE", message: "No bus." } }, { status: 503 }) as unknown as Response;
  const bodies = changes("resolve", broken);
  const { user } = await showIncident(1);
  await named("Incident1");
  await user.click(await button("Resolve"));
  await user.type(screen.getByRole("textbox", { name: "Why" }), "done");
  await user.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Resolve" }));
  await user.click(await screen.findByRole("button", { name: "Try again" }));
  await waitFor(() => expect(bodies).toEqual([{ comment: "done" }, { comment: "done" }]));
});

test("a resolved one can be reopened, and says how it ended", async () => {
  answering({ one: detail(1, { state: "RESOLVED", lasting: 0, resolved_at: "2026-01-31T12:30:00Z" }), timeline: TIMELINE });
  await showIncident(1);
  await named("Incident1");
  expect(screen.getByText(/by itself, all of it had ended/)).toBeInTheDocument();
  expect(await button("Reopen")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Resolve" })).not.toBeInTheDocument();
});

test.each<[string, Partial<Whoami>, object]>([
  ["a viewer", { role: "viewer" }, {}],
  ["an operator of some of its clusters", { role: "operator", clusters: [CLUSTER] }, { cluster_ids: [CLUSTER, OTHER_CLUSTER] }],
  ["whoever sees a part of it", { role: "operator", clusters: [CLUSTER] }, { redacted: true }],
  ["anybody, where it has ended in another one", {}, { merged_into: incidentId(2) }],
])("changes are not offered to %s", async (_, me, changed) => {
  answering({ one: detail(1, changed), me });
  const { client } = await showIncident(1);
  await named("Incident1");
  await waitFor(() => expect(client.getQueryData(getWhoAmIQueryKey())).toBeDefined());
  for (const name of ["Acknowledge", "Resolve", "More actions"]) {
    expect(screen.queryByRole("button", { name })).not.toBeInTheDocument();
  }
});

test("an operator of all of its clusters may change it", async () => {
  answering({ one: detail(1), me: { role: "operator", clusters: [CLUSTER] } });
  await showIncident(1);
  expect(await screen.findByRole("button", { name: "Acknowledge" })).toBeInTheDocument();
});

test("the past cannot be changed, and says so", async () => {
  const { user } = await showIncident(1, "?as_of=2026-01-31T12:10:00Z");
  await named("Incident1");
  expect(await button("Resolve")).toHaveAttribute("aria-disabled", "true");
  await user.hover(await button("Resolve"));
  expect(await screen.findByText(/The past cannot be changed/)).toBeInTheDocument();
});

test("another open incident is chosen and merged into it", async () => {
  const others = [incident(1), incident(2, { title: "The same" }), incident(3, { redacted: true })];
  const asked = answering({ one: detail(1), list: () => listOf(others) });
  const bodies = changes("merge", () => HttpResponse.json(detail(1, { signals: 80 })) as unknown as Response);
  const { user } = await showIncident(1);
  await named("Incident1");
  await user.click(await button("More actions"));
  await user.click(screen.getByRole("menuitem", { name: /Merge another one/ }));
  const dialog = within(await screen.findByRole("dialog"));
  const choices = await dialog.findAllByRole("radio");
  expect(choices).toHaveLength(1);
  await user.type(dialog.getByRole("textbox", { name: "Find an open incident" }), "same");
  await waitFor(() => expect(asked.list.at(-1)!.get("q")).toBe("same"));
  expect(dialog.getByRole("button", { name: "Merge" })).toBeDisabled();
  await user.click(dialog.getByRole("radio", { name: /The same/ }));
  await user.type(dialog.getByRole("textbox", { name: "Why" }), "one switch");
  await user.click(dialog.getByRole("button", { name: "Merge" }));
  await waitFor(() => expect(bodies).toEqual([{ other_id: incidentId(2), comment: "one switch" }]));
});

test("signals are chosen and split off, which leads to the new incident", async () => {
  const bodies = changes("split", () => HttpResponse.json(detail(9, { title: "A new one" }), { status: 201 }) as unknown as Response);
  const { user, where } = await showIncident(1);
  await named("Incident1");
  await user.click(await button("More actions"));
  await user.click(screen.getByRole("menuitem", { name: /^Split/ }));
  const form = within(screen.getByRole("form", { name: "Split off signals" }));
  expect(form.getByRole("button", { name: "Split off" })).toBeDisabled();
  await user.click(screen.getByRole("checkbox", { name: "Split off cpu_seconds" }));
  expect(form.getByText("1 signal chosen.")).toBeInTheDocument();
  await user.type(form.getByRole("textbox", { name: "Why" }), "another matter");
  await user.click(form.getByRole("button", { name: "Split off" }));
  await waitFor(() => expect(where()).toBe(`/incidents/${incidentId(9)}`));
  expect(bodies).toEqual([{ signal_ids: [signalId(2)], comment: "another matter" }]);
});

test("all of an incident cannot be split off it", async () => {
  answering({ one: detail(1, { signals: 2 }), signals: SIGNALS });
  const { user } = await showIncident(1);
  await named("Incident1");
  await user.click(await button("More actions"));
  await user.click(screen.getByRole("menuitem", { name: /^Split/ }));
  await screen.findByText("Signal1");
  await user.click(await button("Choose all 2 listed"));
  expect(screen.getByText(/Something has to stay/)).toBeInTheDocument();
  expect(await button("Split off")).toBeDisabled();
});

test("a signal is opened beside the list, with why it belongs here and where to look further", async () => {
  const { user, where } = await showIncident(1);
  await user.click(await screen.findByText("Signal1"));
  expect(where()).toBe(`/incidents/${incidentId(1)}?signal=${signalId(1)}`);
  const drawer = within(await screen.findByRole("complementary", { name: "Signal" }));
  expect(drawer.getByText("same node as 3 of 4")).toBeInTheDocument();
  expect(drawer.getByRole("link", { name: "Open the alert" })).toHaveAttribute("href", `/alerts?alert=${signalId(1)}`);
  const href = (name: string) => new URL(drawer.getByRole("link", { name }).getAttribute("href")!, "http://hub.test").searchParams;
  expect(href("Metrics").get("query")).toBe('ALERTS{alertname="Signal1",namespace="shop",pod="cart-1"}');
  expect(href("Logs").get("query")).toBe('{namespace="shop",pod="cart-1"}');
  expect(href("Events").get("cluster_id")).toBe(CLUSTER);
  await user.keyboard("{Escape}");
  await waitFor(() => expect(where()).toBe(`/incidents/${incidentId(1)}`));
});

test("signals are narrowed by what is asked of the hub", async () => {
  const asked = answering({ one: detail(1), signals: SIGNALS });
  const { user } = await showIncident(1, "?kind=ALERT&q=cart");
  await screen.findByText("Signal1");
  await user.click(await button("Lasting"));
  await waitFor(() => expect(asked.signals.at(-1)!.get("lasting")).toBe("true"));
  expect(asked.signals.at(-1)!.getAll("kind")).toEqual(["ALERT"]);
  expect(asked.signals.at(-1)!.get("q")).toBe("cart");
});

test("events of this incident count at once and have it read again, those of others do not", async () => {
  const tell = hearing();
  const asked = answering({ one: detail(1), signals: SIGNALS, timeline: TIMELINE });
  await showIncident(1);
  await named("Incident1");
  await screen.findByText("Signal1");
  tell({ event_type: "INCIDENT_UPDATED", payload: { incident: headOf(incident(2), { title: "Another" }), reason: "" } });
  tell({ event_type: "INCIDENT_UPDATED", payload: { incident: headOf(incident(1), { title: "Incident1 and 399 more" }), reason: "" } });
  await named("Incident1 and 399 more");
  await waitFor(() => expect(asked.one.length).toBeGreaterThan(1));
});

test("one that has ended in another one, and one that is shown in part, say so", async () => {
  answering({ one: detail(1, { merged_into: incidentId(5), redacted: true, state: "RESOLVED", resolved_at: "2026-01-31T12:30:00Z" }) });
  await showIncident(1);
  const link = await screen.findByRole("link", { name: "the incident that it was merged into" });
  expect(link).toHaveAttribute("href", `/incidents/${incidentId(5)}`);
  expect(screen.getByText("You see a part of this incident")).toBeInTheDocument();
});

test.each([
  ["", "There is no such incident", "/incidents"],
  ["?as_of=2026-01-31T12:10:00Z", "Not open yet at that instant", `/incidents/${incidentId(1)}`],
])("one that is not known says so (%s)", async (search, title, to) => {
  hub.use(
    http.get("*/api/v1/incidents/:id", () =>
      HttpResponse.json({ error: { code: "INCIDENT_NOT_FOUND", message: "there is no incident" } }, { status: 404 }),
    ),
  );
  await showIncident(1, search);
  const heading = await screen.findByRole("heading", { name: title });
  const links = within(heading.closest(".pf-v6-c-empty-state") as HTMLElement).getAllByRole("link");
  expect(links[0]).toHaveAttribute("href", to);
});
