import { expect, test } from "vitest";

import { Unreachable } from "@/lib/http";
import { sent, type Sent } from "@/lib/server-sent";

function body(...chunks: (Uint8Array | Error)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else if (next instanceof Error) controller.error(next);
      else controller.enqueue(next);
    },
  });
}

async function all(stream: ReadableStream<Uint8Array>, silence = 1_000): Promise<Sent[]> {
  const found: Sent[] = [];
  for await (const event of sent(stream, silence)) found.push(event);
  return found;
}

test("events come whole, wherever the bytes are cut", async () => {
  const bytes = new TextEncoder().encode(': begun\n\nevent: a\r\ndata: {"x":"é😀"}\r\n\r\nevent:b\ndata:1\ndata: 2\n\ndata: plain\n\nevent: none\n\n');
  const expected = [
    { name: "a", data: '{"x":"é😀"}' },
    { name: "b", data: "1\n2" },
    { name: "message", data: "plain" },
  ];
  expect(await all(body(bytes))).toEqual(expected);
  expect(await all(body(...Array.from(bytes, (byte) => Uint8Array.of(byte))))).toEqual(expected);
});

test("what breaks off, or says nothing, is told as that", async () => {
  await expect(all(body(new Error("gone")))).rejects.toBeInstanceOf(Unreachable);
  await expect(all(new ReadableStream(), 20)).rejects.toBeInstanceOf(Unreachable);
});
