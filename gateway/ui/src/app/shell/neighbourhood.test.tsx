import { screen, waitFor } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, expect, test, vi } from "vitest";

import { Keyboard } from "@/app/shell/keyboard";
import { Neighbourhood } from "@/app/shell/neighbourhood";
import { NearButton } from "@/components/neighbourhood/near-link";
import { around, CLUSTER, measuring, NODE, POD } from "@/components/neighbourhood/testing";
import { readNear } from "@/components/neighbourhood/entity";
import { useSetSearch } from "@/lib/place";
import type { Raw } from "@/lib/search";
import { useSettings } from "@/lib/settings";
import { show } from "@/testing/render";

const node = { kind: "node", cluster: CLUSTER, name: "worker-1" } as const;
const pod = { kind: "pod", cluster: CLUSTER, namespace: "shop", name: "cart-5d8f7c9b6d-x2x4z" } as const;
/** The panel comes as a script of its own. */
const panel = (name: RegExp) => screen.findByRole("complementary", { name }, { timeout: 10_000 });

function Other() {
  const setSearch = useSetSearch<{ tab?: string }>();
  return (
    <button type="button" onClick={() => setSearch({ tab: "history" })}>
      Another part
    </button>
  );
}

function showShell(content: ReactNode, at = "/alerts") {
  around();
  measuring({});
  return show(
    <>
      <main id="page">{content}</main>
      <Keyboard onNavigation={() => {}} />
      <Neighbourhood />
    </>,
    { at, path: "/alerts", readSearch: (raw: Raw) => ({ ...raw, near: readNear(raw["near"]) }) },
  );
}

afterEach(() => {
  vi.restoreAllMocks();
  useSettings.setState({ singleKeys: true });
});

test("n opens what is around the first thing of the page", async () => {
  const { user, where } = await showShell([<NearButton key="1" of={node} />, <NearButton key="2" of={pod} />]);
  await user.keyboard("n");
  await panel(/Around node worker-1/);
  expect(where()).toBe(`/alerts?near=${NODE}`);
});

test("n opens what is around what is open beside the page, before all else", async () => {
  const { user, where } = await showShell([
    <NearButton key="1" of={node} />,
    <aside key="2" className="drawer">
      <NearButton of={pod} />
    </aside>,
  ]);
  await user.keyboard("n");
  await panel(/Around pod cart/);
  expect(where()).toBe(`/alerts?near=${POD}`);
});

test("where nothing has a neighbourhood, the key is free", async () => {
  const { user, where } = await showShell("nothing");
  await user.keyboard("n");
  expect(where()).toBe("/alerts");
});

test("the page beside it stays usable, and its drawer open, when Escape closes the panel alone", async () => {
  const { user, where, back } = await showShell(<Other />, `/alerts?alert=1&near=${NODE}`);
  await panel(/Around node/);
  await user.click(screen.getByRole("button", { name: "Another part" }));
  expect(where()).toBe(`/alerts?alert=1&near=${NODE}&tab=history`);
  await panel(/Around node/);
  await user.keyboard("{Escape}");
  await waitFor(() => expect(where()).toBe("/alerts?alert=1&tab=history"));
  expect(screen.queryByRole("complementary", { name: /Around/ })).not.toBeInTheDocument();
  back();
  await panel(/Around node/);
});
