/** Every request to the hub goes through `call`; what it refuses becomes an `ApiError`. */

import { plural } from "@/lib/format";
import { live } from "@/lib/live";
import { sessionEnded } from "@/lib/session";

const TIMEOUT_MS = 60_000;

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly traceId: string | undefined;
  /** Seconds after which the hub wants to be asked again, if it says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, body: Partial<Envelope["error"]>, retryAfter?: number) {
    super(status === 429 ? tooMuch(retryAfter) : (body.message ?? `The hub answered with ${status}.`));
    this.name = "ApiError";
    this.status = status;
    this.code = body.code ?? "INTERNAL_ERROR";
    this.details = body.details ?? {};
    this.traceId = body.trace_id;
    this.retryAfter = retryAfter;
  }
}

const tooMuch = (seconds?: number): string =>
  `The hub takes no more from you for ${seconds === undefined ? "a moment" : plural(seconds, "second")}.`;

interface Envelope {
  error: { code: string; message: string; details: Record<string, unknown>; trace_id: string };
}

/** The network gave no answer: the hub is away, or the way to it is. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("The hub does not answer.", { cause });
    this.name = "Unreachable";
  }
}

export interface Options extends RequestInit {
  /** Milliseconds after which nobody waits for the answer any more; a minute, if it is left out. */
  patience?: number;
}

/** One request; the body of an answer below 400, otherwise an `ApiError`. */
export async function call<T>(url: string, options: Options = {}): Promise<T> {
  const answer = await send(url, options);
  if (answer.status === 204) return undefined as T;
  if (answer.ok) return (await bodyOf(answer, options)) as T;
  throw await refusal(answer, url);
}

/** The body of an answer below 400, to be read as it comes; `patience` ends with its first byte. */
export async function pour(url: string, { patience = TIMEOUT_MS, ...options }: Options = {}): Promise<ReadableStream<Uint8Array>> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), patience);
  const signal = options.signal ? AbortSignal.any([options.signal, late.signal]) : late.signal;
  try {
    const answer = await fetch(url, { ...options, signal });
    if (!answer.ok) throw await refusal(answer, url);
    if (answer.body === null) throw new Error("The answer has no body.");
    return answer.body;
  } catch (error) {
    if (options.signal?.aborted || error instanceof ApiError) throw error;
    live.check();
    throw new Unreachable(error);
  } finally {
    clearTimeout(timer);
  }
}

async function refusal(answer: Response, url: string): Promise<ApiError> {
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.status === 401 && !url.startsWith("/auth/")) sessionEnded();
  return new ApiError(answer.status, (body as Envelope | undefined)?.error ?? {}, secondsOf(answer.headers.get("retry-after")));
}

/** Whole seconds; a date, which the hub does not send, counts as nothing. */
function secondsOf(told: string | null): number | undefined {
  return told !== null && /^\d{1,6}$/.test(told) ? Number(told) : undefined;
}

async function send(url: string, { patience = TIMEOUT_MS, ...options }: Options): Promise<Response> {
  const timeout = AbortSignal.timeout(patience);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    return await fetch(url, { ...options, signal });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    live.check();
    throw new Unreachable(error);
  }
}

/** What breaks off, or is none of the hub's (a proxy's page), is no answer. */
async function bodyOf(answer: Response, options: RequestInit): Promise<unknown> {
  try {
    return await answer.json();
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Unreachable(error);
  }
}

/** What generated hooks say that they throw. */
// oxlint-disable-next-line no-unused-vars -- orval gives the type of the body
export type ErrorType<_Body> = ApiError | Unreachable;
