/** Server-sent events of an answer that is read with `fetch`: `EventSource` neither posts nor tells why it was refused. */

import { Unreachable } from "@/lib/http";

export interface Sent {
  name: string;
  /** As it was sent; most often JSON. */
  data: string;
}

/**
 * Event by event, in their order, until the body ends. An `Unreachable` if it breaks off, or if for
 * `silence` milliseconds nothing comes, not even a comment.
 */
export async function* sent(body: ReadableStream<Uint8Array>, silence: number): AsyncGenerator<Sent, void> {
  const reader = body.getReader();
  const lines = new Lines();
  try {
    for (;;) {
      const { done, value } = await within(silence, reader.read());
      if (done) return;
      yield* lines.take(value);
    }
  } catch (error) {
    throw error instanceof Unreachable || isAbort(error) ? error : new Unreachable(error);
  } finally {
    // Whoever reads no further wants no more of it.
    reader.cancel().catch(() => undefined);
  }
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

async function within<T>(milliseconds: number, wanted: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unreachable(new Error("nothing has come"))), milliseconds);
  });
  try {
    return await Promise.race([wanted, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Bytes, cut anywhere, as events. */
class Lines {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #name = "";
  #data: string[] = [];

  *take(bytes: Uint8Array): Generator<Sent, void> {
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = parts.pop()!;
    for (const part of parts) {
      const event = this.#line(part.endsWith("\r") ? part.slice(0, -1) : part);
      if (event !== undefined) yield event;
    }
  }

  #line(line: string): Sent | undefined {
    if (line === "") return this.#ended();
    const at = line.indexOf(":");
    const field = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(line[at + 1] === " " ? at + 2 : at + 1);
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
    return undefined;
  }

  #ended(): Sent | undefined {
    const event = this.#data.length > 0 ? { name: this.#name || "message", data: this.#data.join("\n") } : undefined;
    this.#name = "";
    this.#data = [];
    return event;
  }
}
