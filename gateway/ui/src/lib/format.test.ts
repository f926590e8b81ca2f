import { expect, test } from "vitest";

import { bytes, plural, short, title } from "@/lib/format";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1536, "1.5 KiB"],
  [1024 ** 3, "1.0 GiB"],
  [200 * 1024 ** 2, "200 MiB"],
  [1024 ** 6, "1024 PiB"],
])("%d bytes", (value, said) => expect(bytes(value)).toBe(said));

test("numbers and words", () => {
  expect(plural(1, "cluster")).toBe("1 cluster");
  expect(plural(12_345, "query", "queries")).toBe("12,345 queries");
  expect(short(12_345)).toBe("12.3K");
  expect(title("CLUSTER_STATUS_CHANGED")).toBe("Cluster status changed");
  expect(title("GPU_XID_ERROR")).toBe("GPU XID error");
});
