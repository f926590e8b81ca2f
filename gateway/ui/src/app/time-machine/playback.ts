/** Playing the past forwards: the hub replays its log, and the instant in the URL follows. */

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";

import { written } from "@/app/time-machine/instants";
import { CHANGES } from "@/app/time-machine/changes";
import { useTravel } from "@/app/time-machine/use-travel";
import { live, useLiveEvents, useLiveState, type ReplayState } from "@/lib/live";
import { usePlayback } from "@/lib/playback";

const ID = "time-machine";
/** Pages are asked anew at most so often, however fast it plays. */
const BETWEEN_MS = 950;
/** Pages that are still reading are waited for so long: what they show would never change otherwise. */
const WAITED_MS = 10_000;
const MOST_PLAYED = 1_000;

/** Does what the playback says while the past is shown; there is one, in the banner. */
export function usePlayer(): void {
  const { as_of, go, goLive } = useTravel();
  const client = useQueryClient();
  const { playing, speed } = usePlayback();
  const connection = useLiveState((state) => state.connection);
  const began = useRef<string>(undefined);
  const followed = useRef<string>(undefined);
  const told = useRef(0);

  const begin = useEffectEvent(() => {
    if (as_of === undefined) return;
    began.current = followed.current = as_of;
    live.replay({ id: ID, from: as_of, speed, filters: { event_types: [...CHANGES] } });
  });
  // Also after a lost connection: from where it was.
  useEffect(() => {
    if (playing && connection === "live") begin();
  }, [playing, connection]);
  // Somebody has gone elsewhere meanwhile: it goes on from there.
  useEffect(() => {
    if (playing && as_of !== followed.current) begin();
  }, [playing, as_of]);
  useEffect(() => {
    if (useLiveState.getState().replay?.state === "playing") live.controlReplay(ID, { action: "speed", speed });
  }, [speed]);

  const mayMove = (stood: number) => stood >= BETWEEN_MS && (stood >= WAITED_MS || client.isFetching() === 0);
  const follow = useEffectEvent((replay: ReplayState) => {
    // What an earlier one says on its way out does not count.
    if (!playing || began.current === undefined) return;
    if (Date.parse(replay.from) !== Date.parse(began.current)) return;
    const position = Date.parse(replay.position);
    if (replay.state === "ended" || position >= Date.now()) {
      goLive();
    } else if (replay.state === "playing" && mayMove(performance.now() - told.current)) {
      told.current = performance.now();
      const next = written(position);
      forget(client, next);
      followed.current = next;
      go(position, { replace: true });
    }
  });
  const refused = useEffectEvent(() => usePlayback.setState({ playing: false }));
  useEffect(
    () =>
      useLiveState.subscribe((now, before) => {
        if (now.replay !== undefined && now.replay !== before.replay) follow(now.replay);
        if (now.replayRefused !== undefined && before.replayRefused === undefined) refused();
      }),
    [],
  );
  useLiveEvents({ replayed: true, enabled: playing }, (events) =>
    usePlayback.setState(({ played }) => ({ played: [...played, ...events].slice(-MOST_PLAYED) })),
  );
  // Paused, and when the past is left.
  useEffect(() => (playing ? stop : undefined), [playing]);
  useEffect(() => () => usePlayback.setState({ playing: false, played: [] }), []);
}

function stop(): void {
  const { replay } = useLiveState.getState();
  if (replay?.state === "playing") live.controlReplay(ID, { action: "stop" });
}

/** What was read as of instants that are played past is not kept: it would be megabytes a minute. */
function forget(client: QueryClient, next: string): void {
  client.removeQueries({
    type: "inactive",
    predicate: ({ queryKey }) =>
      queryKey.some((part) => {
        const as_of = (part as { as_of?: unknown } | null)?.as_of;
        return typeof as_of === "string" && as_of !== next;
      }),
  });
}
