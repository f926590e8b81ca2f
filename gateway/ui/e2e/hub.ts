/**
 * A running hub, as its administrator: what a test does beside the browser.
 *
 * `AIOPS_E2E_DEMO` and `AIOPS_E2E_EMPTY` name the data directories of a hub with the simulated fleet
 * and of one with nothing in it; the command `aiops` is on the path. For logins `AIOPS_E2E_OIDC`,
 * `AIOPS_E2E_OPENSHIFT` and `AIOPS_E2E_NONE` name directories with the `run.json` of a hub in that mode.
 */

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";

interface RunFile {
  gateway: string;
  token: string;
  /** Where people log in, if not at the hub. */
  provider?: string;
}

interface Simulator {
  url: string;
  ca: string;
}

export interface AlertAsPosted {
  name: string;
  severity?: "critical" | "warning" | "info";
  labels?: Readonly<Record<string, string>>;
  summary?: string;
  startsAt: Date;
  endsAt?: Date;
}

export interface ListedAlert {
  id: string;
  first_seen_at: string;
}

export class Hub {
  readonly #directory: string;
  readonly #run: RunFile;

  constructor(directory: string) {
    this.#directory = directory;
    this.#run = JSON.parse(readFileSync(join(directory, "run.json"), "utf8")) as RunFile;
  }

  get token(): string {
    return this.#run.token;
  }

  get address(): string {
    return this.#run.gateway;
  }

  /** The host of the identity provider that people log in at. */
  get provider(): string {
    return new URL(this.#run.provider!).host;
  }

  /** Runs a command of the hub's machine; what it printed. */
  async aiops(...words: string[]): Promise<string> {
    const environment = { ...process.env, AIOPS_DATA_DIR: this.#directory };
    const { stdout } = await promisify(execFile)("aiops", words, { env: environment });
    return stdout.trim();
  }

  /** A code that logs one browser in, once. */
  async code(): Promise<string> {
    return (await this.aiops("login")).split("code=")[1]!;
  }

  async call<Answer>(method: string, path: string, body?: unknown, token = this.#run.token): Promise<Answer> {
    const answer = await fetch(`${this.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text || "null") as Answer;
  }

  /** The id of a cluster. */
  async cluster(name: string): Promise<string> {
    const found = await this.call<{ id: string }>("GET", `/api/v1/clusters/by-name/${name}`);
    return found.id;
  }

  async register(name: string): Promise<string> {
    const body = { name, api_server_url: `https://api.${name}.example.com:6443` };
    return (await this.call<{ id: string }>("POST", "/api/v1/clusters", body)).id;
  }

  /** Posts alerts as an Alertmanager does. */
  async post(cluster: string, alerts: readonly AlertAsPosted[], token?: string): Promise<void> {
    const body = { version: "4", alerts: alerts.map(asPosted) };
    await this.call("POST", `/api/v1/alerts/webhook/${cluster}`, body, token);
  }

  /** An alert that was posted, as soon as it can be read. */
  async alert(cluster: string, name: string): Promise<ListedAlert> {
    const path = `/api/v1/alerts?cluster_id=${cluster}&alertname=${name}`;
    const until = Date.now() + 15_000;
    while (Date.now() < until) {
      const { items } = await this.call<{ items: ListedAlert[] }>("GET", path);
      if (items[0]) return items[0];
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error(`the alert ${name} is not listed`);
  }

  /** Lets a part of a simulated cluster misbehave from now on; `none` heals it. */
  fault(cluster: string, part: "api" | "prometheus" | "loki", kind: string): Promise<void> {
    return this.#order("faults", { cluster, part, fault: { kind } });
  }

  /** Lets something go wrong in a simulated cluster for some seconds from now on. */
  incident(cluster: string, incident: "gpu_hot" | "ptp_drift", seconds: number): Promise<void> {
    return this.#order("incidents", { cluster, incident, seconds });
  }

  async #order(what: string, order: object): Promise<void> {
    const file = join(this.#directory, "demo", "ready.json");
    const { url, ca } = JSON.parse(readFileSync(file, "utf8")) as Simulator;
    const body = JSON.stringify(order);
    await new Promise<void>((done, failed) => {
      const options = { method: "POST", ca: readFileSync(ca) };
      const asked = request(`${url}/_control/${what}`, options, (answer) => {
        answer.resume();
        if (answer.statusCode === 200) done();
        else failed(new Error(`no ${what} could be ordered: ${answer.statusCode}`));
      });
      asked.on("error", failed);
      asked.end(body);
    });
  }
}

function asPosted({ name, severity = "critical", labels, summary, startsAt, endsAt }: AlertAsPosted) {
  return {
    status: endsAt ? "resolved" : "firing",
    startsAt: startsAt.toISOString(),
    endsAt: endsAt?.toISOString() ?? "0001-01-01T00:00:00Z",
    labels: { alertname: name, severity, namespace: "ran-du", ...labels },
    annotations: { summary: summary ?? `${name} on the test bench` },
    generatorURL: "https://prometheus.example.com/graph?g0.expr=up%20%3D%3D%200",
  };
}

function named(variable: string): Hub {
  const directory = process.env[variable];
  if (!directory) throw new Error(`${variable} must name the data directory of a running hub`);
  return new Hub(directory);
}

/** The hub with the simulated fleet. */
export const demoHub = () => named("AIOPS_E2E_DEMO");
/** The hub with nothing in it. */
export const emptyHub = () => named("AIOPS_E2E_EMPTY");
/** A hub that people log in at in this way. */
export const hubOf = (mode: "oidc" | "openshift" | "none") => named(`AIOPS_E2E_${mode.toUpperCase()}`);
