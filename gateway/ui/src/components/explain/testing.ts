/** For tests of explanations. */

import { screen, within } from "@testing-library/react";

/** An answer may come late on a machine that is busy. */
export const PATIENT = { timeout: 5_000 };

export const explanation = async () => within(await screen.findByRole("complementary", { name: "Explanation" }, PATIENT));

/** What it says differs, the most first. */
export const differencesIn = async (shown: Awaited<ReturnType<typeof explanation>>): Promise<string[]> =>
  within(await shown.findByRole("list", { name: "What differs, most first" }, PATIENT))
    .getAllByRole("listitem")
    .map((each) => each.textContent);
