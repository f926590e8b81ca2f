import { faker } from "@faker-js/faker";
import { expect, test } from "vitest";

import { entitiesOfLabels, entityOfPlace, formatEntity, parseEntity, readNear, stepped, type Entity } from "@/components/neighbourhood/entity";

const cluster = "00000000-0000-4000-8000-0000000000c1";
const TEXTS = [
  `pod/shop/cart-5d8f@${cluster}`,
  `workload/shop/cart@${cluster}`,
  `node/worker-1.lab@${cluster}`,
  `namespace/shop@${cluster}`,
  `gpu/GPU-d73d39d0-eff8@${cluster}`,
  `service/checkout@${cluster}`,
  `cluster@${cluster}`,
  "alert/00000000-0000-4000-8000-0000000000a1",
  "incident/00000000-0000-4000-8000-0000000000e1",
];

test.each(TEXTS)("%s is read and written as it was", (text) => {
  const entity = parseEntity(text);
  expect(entity).toBeDefined();
  expect(formatEntity(entity!)).toBe(text);
});

const NAMES = [() => faker.string.alphanumeric({ length: { min: 1, max: 20 } }), () => faker.string.sample({ min: 1, max: 12 }), () => faker.internet.emoji(), () => "a/b@c %2F"];

test("whatever a thing is called, its text is read as the same thing", () => {
  for (let time = 0; time < 300; time += 1) {
    const name = () => faker.helpers.arrayElement(NAMES)();
    const entity: Entity = faker.helpers.arrayElement([
      { kind: "pod", cluster, namespace: name(), name: name() },
      { kind: "service", cluster, name: name() },
    ] as const);
    expect(parseEntity(formatEntity(entity))).toEqual(entity);
  }
});

test.each([
  "",
  "pod",
  "pod/shop/cart",
  `pod/cart@${cluster}`,
  `pod//cart@${cluster}`,
  `pod/shop/cart/more@${cluster}`,
  "pod/shop/cart@no-cluster",
  `volume/data@${cluster}`,
  `node/%E0%A4%A@${cluster}`,
  `cluster/x@${cluster}`,
  "alert/7",
  `alert/${cluster}@${cluster}`,
  `node/worker%2D1@${cluster}`,
])("%j is no entity", (text) => expect(readNear(text)).toBeUndefined());

test("what is read twice stays as it is, and lists are none", () => {
  expect(readNear(TEXTS[0])).toBe(TEXTS[0]);
  expect(readNear([TEXTS[0]])).toBeUndefined();
});

test.each([
  ["pod/shop/cart-5d8f", TEXTS[0]],
  ["node/worker-1.lab", TEXTS[2]],
  ["clock/worker-1.lab/ens1f0", TEXTS[2]],
  ["device/worker-1.lab/openshift.io/mid", TEXTS[2]],
  ["service/shop/cart", TEXTS[1]],
  ["cluster", TEXTS[6]],
  ["config/shop/cart", undefined],
  ["pod/cart", undefined],
])("the place %s of an incident", (place, text) => {
  const entity = entityOfPlace(place, cluster);
  expect(entity && formatEntity(entity)).toBe(text);
});

test("labels name the smallest thing first and their cluster last", () => {
  const labels = { UUID: "GPU-d73d39d0-eff8", node: "worker-1.lab", namespace: "shop", pod: "cart-5d8f", deployment: "cart" };
  expect(entitiesOfLabels(labels, cluster).map(formatEntity)).toEqual([TEXTS[4], TEXTS[0], TEXTS[1], TEXTS[2], TEXTS[3], TEXTS[6]]);
  expect(entitiesOfLabels({}, cluster).map(formatEntity)).toEqual([TEXTS[6]]);
});

test("a hop makes the way longer, and going back shorter", () => {
  const way = stepped(stepped(["a"], "b"), "c");
  expect(way).toEqual(["a", "b", "c"]);
  expect(stepped(way, "a")).toEqual(["a"]);
  expect(stepped(way, "c")).toBe(way);
});
