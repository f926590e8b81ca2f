/** From the post of an alert to its row on the screen; raw: to its frame at a socket. */

import { LiveStream } from "../../../clients/typescript/src/live.ts";
import { pause, PLACES, type Stage } from "./stage.ts";

interface Seen {
  name: string;
  at: number;
}

export async function pixel(stage: Stage, times: number): Promise<Record<string, number[]>> {
  const cluster = await stage.hub.register(`pixel-${Date.now()}`);
  await stage.hub.post(cluster, [{ name: "Before", startsAt: new Date() }]);
  const page = await stage.page("/alerts");
  await page.evaluate((wanted) => meter.shown(wanted), PLACES[2]!);
  const rows: Seen[] = [];
  await page.exposeFunction("rowSeen", (name: string, at: number) => rows.push({ name, at }));
  await page.evaluate(watch);
  const frames: Seen[] = [];
  const stream = await listen(stage, frames);
  const posted: Seen[] = [];
  for (let time = 0; time < times; time++) {
    // Nothing that beats in the page or in the hub goes in step with this.
    await pause(500 + 300 * Math.random());
    const name = `Pixel${time}x`;
    posted.push({ name, at: Date.now() });
    await stage.hub.post(cluster, [{ name, startsAt: new Date() }]);
  }
  await pause(3_000);
  stream.close();
  await page.context().close();
  return { shown: since(posted, rows), raw: since(posted, frames), lost: [times - since(posted, rows).length] };
}

function since(posted: readonly Seen[], seen: readonly Seen[]): number[] {
  return posted.flatMap(({ name, at }) => {
    const first = seen.find((each) => each.name === name);
    return first ? [first.at - at] : [];
  });
}

async function listen(stage: Stage, frames: Seen[]): Promise<LiveStream> {
  const url = `${stage.hub.address.replace("http", "ws")}/ws`;
  const stream = new LiveStream(url, { alerts: { event_types: ["ALERT_FIRED"] } }, { token: stage.hub.token });
  const read = async () => {
    for await (const item of stream) {
      if (item.type !== "event") continue;
      const { alertname } = item.payload["alert"] as { alertname: string };
      frames.push({ name: alertname, at: Date.now() });
    }
  };
  void read();
  await pause(500);
  return stream;
}

/** Tells of each name that comes onto the page, when it is painted. */
function watch(): void {
  const told = new Set<string>();
  const tell = (globalThis as unknown as { rowSeen: (name: string, at: number) => void }).rowSeen;
  const look = (text: string | null) => {
    for (const [name] of (text ?? "").matchAll(/Pixel\d+x/g)) {
      if (told.has(name)) continue;
      told.add(name);
      void meter.painted().then(() => tell(name, Date.now()));
    }
  };
  new MutationObserver((changes) => {
    for (const { addedNodes, target, type } of changes) {
      if (type === "characterData") look(target.textContent);
      for (const node of addedNodes) look(node.textContent);
    }
  }).observe(document.querySelector("main")!, { childList: true, characterData: true, subtree: true });
}
