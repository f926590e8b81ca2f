import { screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { PartialNotice } from "@/components/partial-notice";
import { show } from "@/testing/render";

const missing = (name: string, code: string) => ({
  cluster_id: `id-${name}`,
  cluster_name: name,
  code,
  reason: `${name}: no answer in 30 s`,
});

test("one that is missing is named at once, why is said when it is unfolded", async () => {
  const onRetry = vi.fn();
  const { user } = await show(
    <PartialNotice queried={12} answered={11} missing={[missing("west", "QUERY_TIMEOUT")]} onRetry={onRetry} />,
  );
  expect(screen.getByText(/11 of 12 clusters answered: west \(query timeout\)/)).toBeVisible();
  expect(screen.queryByText(/no answer in 30 s/)).not.toBeInTheDocument();
  await user.click(screen.getByRole("button", { name: /Which, and why/ }));
  expect(screen.getByText(/no answer in 30 s/)).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Ask again" }));
  expect(onRetry).toHaveBeenCalledOnce();
});

test("several are counted by what has happened to them", async () => {
  const lost = [missing("a", "QUERY_TIMEOUT"), missing("b", "UNREACHABLE"), missing("c", "QUERY_TIMEOUT")];
  await show(<PartialNotice queried={3} answered={0} missing={lost} />);
  expect(screen.getByText(/0 of 3 clusters answered: 2 query timeout, 1 unreachable/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Ask again" })).not.toBeInTheDocument();
});

test("where all have answered there is nothing to say, but for their warnings", async () => {
  const { container } = await show(<PartialNotice queried={3} answered={3} missing={[]} />);
  expect(container).toHaveTextContent(/^$/);
  await show(<PartialNotice queried={3} answered={3} missing={[]} warnings={["cut short"]} onRetry={vi.fn()} />);
  expect(screen.getByText(/1 warning/)).toBeVisible();
  expect(screen.queryByRole("button", { name: "Ask again" })).not.toBeInTheDocument();
});
