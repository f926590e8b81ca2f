import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";

import { getGetFleetHealthResponseMock } from "@/generated/api.msw";
import type { DeadLetterItem, ProjectionBuild, StreamState } from "@/generated/api.schemas";
import { asking, hub } from "@/testing/hub";
import { show } from "@/testing/render";

import { OperationsPage } from "@/features/operations/page";
import { readOperationsSearch } from "@/features/operations/search";

const build = (more: Partial<ProjectionBuild> = {}): ProjectionBuild => ({
  name: "fleet",
  slot: "live",
  version: 4,
  state: "live",
  error: null,
  sequence: 72,
  log_sequence: 122,
  lag: 0,
  rate: 0.4,
  poison_events: 0,
  updated_at: "2026-01-31T12:00:00Z",
  partitions: [],
  ...more,
});
const LETTER: DeadLetterItem = {
  id: 7,
  stream: "EVT",
  consumer: "clusters_watch",
  subject: "evt.a.cluster.a.registered.1",
  original_sequence: 20,
  error: "ValueError: no port",
  failed_at: "2026-01-31T12:00:00Z",
  retried: false,
  body: '{"name":"hub-1"}',
  body_bytes: 16,
  truncated: false,
};
const parts = ["gateway", "projector", "workers"].map((part) => ({
  part,
  instance: `vm/${part}`,
  ready: true,
  checks: { bus: { ready: true } },
}));

let letters: DeadLetterItem[];

beforeEach(() => {
  letters = [];
  hub.use(
    http.get("*/health/detailed", () =>
      HttpResponse.json({ part: "gateway", ready: true, checks: { bus: { ready: true } }, parts, projections: [build()] }),
    ),
    http.get("*/api/v1/projections", () => HttpResponse.json({ items: [build()] })),
    http.get("*/api/v1/streams", () => HttpResponse.json({ items: [] })),
    http.get("*/api/v1/dead-letters", () => HttpResponse.json({ items: letters, next_cursor: null })),
    http.get("*/api/v1/dead-letters/7", () => HttpResponse.json(LETTER)),
    http.get("*/api/v1/streaming/status", () =>
      HttpResponse.json({
        instance: "vm/gateway",
        position: 122,
        in_memory_from: 0,
        error: null,
        telemetry_error: null,
        clients: { ws: 1 },
        most_clients: 10_000,
        subscriptions: 1,
        catching_up: 0,
      }),
    ),
  );
});

const open = (search = "") =>
  show(<OperationsPage />, { at: `/operations${search}`, path: "/operations", readSearch: readOperationsSearch });

test("all is well is said first, and each process is listed", async () => {
  await open();
  expect(await screen.findByText(/^All is well: 3 processes ready, 1 projection up to date/)).toBeVisible();
  expect(screen.getByRole("region", { name: "workers vm/workers" })).toHaveTextContent("Ready");
});

test("what is not well is told with what to do, and marked on its tab", async () => {
  letters = [LETTER];
  await open();
  expect(await screen.findByText("1 thing is not well", { exact: false })).toBeVisible();
  expect(screen.getByText("Read why, then retry or drop each.")).toBeVisible();
  expect(screen.getByRole("tab", { name: /Dead letters/ })).toHaveTextContent("1");
});

test("if a part cannot be read, it is not said that all is well", async () => {
  hub.use(
    http.get("*/api/v1/streams", () =>
      HttpResponse.json({ error: { code: "BUS_UNAVAILABLE", message: "The bus is away.", details: {}, trace_id: "t" } }, { status: 503 }),
    ),
  );
  await open();
  expect(await screen.findByText("It cannot be said whether all is well", { exact: false })).toBeVisible();
  expect(screen.queryByText(/All is well/)).toBeNull();
});

test.each([
  ["viewer", [], /You are ann, viewer of all clusters\./],
  ["admin", ["00000000-0000-4000-8000-0000000000c1"], /You are ann, admin of edge-1\./],
] as const)("others than administrators of everything are told whom it is for, and nothing is asked for them (%s)", async (role, clusters, said) => {
  let asked = false;
  asking({ user: "ann", role, clusters: [...clusters] });
  hub.use(
    http.get("*/api/v1/fleet/health", () =>
      HttpResponse.json({ items: clusters.map((id) => ({ ...getGetFleetHealthResponseMock().items[0]!, id, name: "edge-1" })) }),
    ),
    http.get("*/health/detailed", () => {
      asked = true;
      return HttpResponse.json({});
    }),
  );
  await open();
  expect(await screen.findByText("You may not see this")).toBeVisible();
  expect(await screen.findByText(said)).toBeVisible();
  expect(asked).toBe(false);
});

test("a rebuild is explained, then begun, and its progress is shown", async () => {
  let begun = false;
  hub.use(
    http.get("*/api/v1/projections", () =>
      HttpResponse.json({
        items: begun
          ? [build(), build({ slot: "next", state: "rebuilding", sequence: 61, lag: 61, rate: 61 })]
          : [build()],
      }),
    ),
    http.post("*/api/v1/projections/fleet/rebuild", () => {
      begun = true;
      return HttpResponse.json({ command_id: "c", outcome: "accepted" }, { status: 202 });
    }),
  );
  const { user } = await open("?tab=projections");
  await user.click(await screen.findByRole("button", { name: "Rebuild fleet" }));
  const dialog = await screen.findByRole("dialog");
  expect(dialog).toHaveTextContent("beside the live one");
  await user.click(within(dialog).getByRole("button", { name: "Rebuild" }));
  expect(await screen.findByRole("progressbar", { name: /next build/ })).toHaveAttribute("aria-valuenow", "50");
  expect(screen.getByText(/about 1 s left/)).toBeVisible();
});

test("streams are one table: what each holds, how full it is, and how far its readers are", async () => {
  const consumer = { name: "projector", durable: true, filters: ["evt.>"], pending: 0, ack_pending: 2, redelivered: 0, waiting: 1, delivered_sequence: 9, last_active: "2026-01-31T12:00:00Z" };
  const stream: StreamState = {
    name: "EVT",
    subjects: ["evt.>"],
    messages: 1234,
    bytes: 2_097_152,
    first_sequence: 1,
    last_sequence: 1234,
    first_at: "2026-01-30T12:00:00Z",
    last_at: "2026-01-31T12:00:00Z",
    replicas: 1,
    consumers_truncated: false,
    consumers: [consumer, { ...consumer, name: "watch", pending: 40, redelivered: 3 }],
    limits: { bytes: 8_388_608, messages: null, age_seconds: null, fullness: 0.25, when_full: "new" },
  };
  const none = { bytes: null, messages: null, age_seconds: null, fullness: null, when_full: "old" } as const;
  hub.use(
    http.get("*/api/v1/streams", () =>
      HttpResponse.json({ items: [{ ...stream, name: "DLQ", consumers: [], messages: 0, last_sequence: 7, last_at: null, limits: none }, stream] }),
    ),
  );
  await open("?tab=streams");
  const table = within(await screen.findByRole("region", { name: "Streams" }));
  const rows = table.getAllByRole("row").filter((row) => /^(EVT|DLQ)/.test(row.textContent ?? ""));
  expect(rows.map((row) => [...row.children].map(({ textContent }) => textContent))).toEqual([
    ["EVTEvents: the log of all that has happened", "1,234", "2.0 MiB", "25%", "2", "40", expect.stringMatching(/ago/)],
    ["DLQDead letters: what could not be handled", "0", "2.0 MiB", "no limit", "0", "–", "–"],
  ]);
  // What is not as usual is open.
  expect(table.getByText("3 messages given again, not handled so far")).toBeVisible();
  expect(table.getByText("At most 8.0 MiB. 25 % of that is used. When full, new messages are refused.")).toBeVisible();
  expect(table.getByText("1 – 1,234")).toBeVisible();
  expect(table.getByText("next is 8")).not.toBeVisible();
  expect(table.getByText(/No consumer/)).toBeVisible();
});

test("in the past nothing can be rebuilt", async () => {
  const { user } = await open("?tab=projections&as_of=2026-01-31T12:00:00Z");
  await user.click(await screen.findByRole("button", { name: "Rebuild fleet" }));
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a dead letter is retried, and its outcome told", async () => {
  letters = [LETTER];
  hub.use(
    http.post("*/api/v1/dead-letters/7/retry", () =>
      HttpResponse.json({ command_id: "c1", outcome: "failed", message: "still no port" }),
    ),
  );
  const { user, where } = await open("?tab=letters");
  await user.click(await screen.findByText("ValueError: no port"));
  expect(where()).toContain("letter=7");
  const drawer = await screen.findByRole("complementary", { name: "Dead letter" });
  expect(await within(drawer).findByText(/"name": "hub-1"/)).toBeVisible();
  await user.click(within(drawer).getByRole("button", { name: "Retry" }));
  expect(await within(drawer).findByText("still no port")).toBeVisible();
  expect(within(drawer).getByText("Failed", { selector: ".badge span" })).toBeVisible();
});

test("a dead letter is dropped only when one is sure", async () => {
  letters = [LETTER];
  let dropped = 0;
  hub.use(
    http.delete("*/api/v1/dead-letters/7", () => {
      dropped += 1;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  const { user } = await open("?tab=letters&letter=7");
  await user.click(await screen.findByRole("button", { name: "Drop…" }));
  await user.click(screen.getByRole("button", { name: "Keep it" }));
  await user.click(screen.getByRole("button", { name: "Drop…" }));
  expect(dropped).toBe(0);
  await user.click(screen.getByRole("button", { name: "Drop for good" }));
  expect(await screen.findByText("Dropped: it is listed no more.")).toBeVisible();
  await waitFor(() => expect(dropped).toBe(1));
});

test("what came by HTTP cannot be retried here, and that is said", async () => {
  hub.use(http.get("*/api/v1/dead-letters/7", () => HttpResponse.json({ ...LETTER, stream: "HTTP" })));
  await open("?tab=letters&letter=7");
  expect(await screen.findByText(/It came by HTTP/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Retry" })).toBeNull();
  expect(screen.getByRole("button", { name: "Drop…" })).toBeEnabled();
});

test("clients are shown with how far they are", async () => {
  const client_id = "0f45f335-880f-5d63-a813-4e4af646b9fe";
  const page = { page: 1, page_size: 50, total: 1, total_pages: 1, instance: "vm/gateway" };
  hub.use(
    http.get("*/api/v1/streaming/clients", () =>
      HttpResponse.json({
        ...page,
        items: [
          {
            client_id,
            user: "ann",
            role: "operator",
            address: "10.0.0.7",
            door: "ws",
            sent: 1234,
            stalled_seconds: 12,
            subscriptions: 1,
            connected_at: "2026-01-31T12:00:00Z",
          },
        ],
      }),
    ),
    http.get("*/api/v1/streaming/subscriptions", () =>
      HttpResponse.json({
        ...page,
        items: [
          {
            client_id,
            id: "pages",
            user: "ann",
            batch: true,
            cluster_filter: ["a", "b"],
            entity_filter: [],
            event_types: [],
            namespace_filter: [],
            lag: 40,
            position: 82,
            state: "live",
          },
        ],
      }),
    ),
  );
  await open("?tab=clients");
  const row = (await screen.findByText("ann")).closest("tr")!;
  expect(row).toHaveTextContent("Slow");
  expect(row).toHaveTextContent("took nothing for 12 s");
  expect(row).toHaveTextContent("1,234");
  await waitFor(() => expect(row).toHaveTextContent("2 clusters"));
  expect(within(row).getByText("40")).toBeVisible();
});

test("a command's outcome is looked up by its id, also one that is not kept", async () => {
  const known = "0f45f335-880f-4d63-a813-4e4af646b9fe";
  hub.use(
    http.get("*/api/v1/commands/:id", ({ params }) =>
      params["id"] === known
        ? HttpResponse.json({ command_id: known, outcome: "refused", code: "CLUSTER_NOT_FOUND", message: "no such cluster" })
        : HttpResponse.json(
            { error: { code: "COMMAND_NOT_FOUND", message: "there is none", details: {}, trace_id: "t" } },
            { status: 404 },
          ),
    ),
  );
  const { user, where } = await open("?tab=commands");
  await user.type(await screen.findByLabelText("Command ID"), known);
  await user.click(screen.getByRole("button", { name: "Look up" }));
  expect(await screen.findByText("no such cluster")).toBeVisible();
  expect(where()).toContain(`command=${known}`);
  const input = screen.getByLabelText("Command ID");
  await user.clear(input);
  await user.type(input, "0f45f335-880f-4d63-a813-000000000000{Enter}");
  expect(await screen.findByText(/No outcome is kept of it/)).toBeVisible();
});

test("what is no id is asked of nobody", async () => {
  await open("?tab=commands&command=../clusters");
  expect(await screen.findByText(/This is no ID of a command/)).toBeVisible();
});

test("a page of clients that is not there any more is not said to be nobody", async () => {
  const none = { items: [], page: 5, page_size: 50, total: 3, total_pages: 1, instance: "vm/gateway" };
  hub.use(
    http.get("*/api/v1/streaming/clients", ({ request }) =>
      HttpResponse.json({ ...none, page: Number(new URL(request.url).searchParams.get("page")) }),
    ),
    http.get("*/api/v1/streaming/subscriptions", () => HttpResponse.json(none)),
  );
  const { user, where } = await open("?tab=clients&page=5");
  await user.click(await screen.findByRole("button", { name: "To the first page" }));
  expect(where()).not.toContain("page=");
  expect(screen.queryByText("Nobody is connected")).toBeNull();
});
