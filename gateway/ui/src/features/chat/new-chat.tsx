/** A chat that is not begun yet: of whom, about what, and the first question. */

import { useEffect, useEffectEvent, useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { InlineFailure } from "@/components/states";
import { Composer } from "@/features/chat/composer/composer";
import { setDraft, useDraft, useDraftKey } from "@/features/chat/composer/drafts";
import { Head } from "@/features/chat/head/head";
import { IN_ORDER, ModelPicker } from "@/features/chat/head/model-picker";
import { PersonaPicker } from "@/features/chat/head/persona-picker";
import type { ChatSearch } from "@/features/chat/search";
import { useModels, usePersonas } from "@/features/chat/shared/use-chats";
import { Start } from "@/features/chat/start/start";
import { useAsk } from "@/features/chat/stream/use-ask";
import { useAsOf } from "@/lib/moment";
import { useGo, useSearch, useSetSearch } from "@/lib/place";
import { useRights } from "@/lib/rights";

const NO_CLUSTERS: readonly string[] = [];
export const DEFAULT_PERSONA = "default";
export const NOT_IN_THE_PAST = "Chats are of now: go back to live first";

export function NewChat({ onChats }: { onChats: () => void }) {
  const { persona = DEFAULT_PERSONA, cluster = NO_CLUSTERS, ask: wanted } = useSearch<ChatSearch>();
  const setSearch = useSetSearch<ChatSearch>();
  const go = useGo();
  const { me } = useRights();
  const { as_of } = useAsOf();
  const personas = usePersonas();
  const models = useModels();
  const [model, setModel] = useState(IN_ORDER);
  const key = useDraftKey(undefined);
  const [draft, setText] = useDraft(key);
  const [refused, setRefused] = useState<Error>();
  const ask = useAsk();
  const isKnown = me !== undefined;
  // It is written once: what becomes of it then is up to whoever reads it.
  const write = useEffectEvent((question: string) => {
    setText(question);
    setSearch({ ask: undefined }, { replace: true });
  });
  useEffect(() => {
    if (wanted !== undefined && isKnown) write(wanted);
  }, [wanted, isKnown]);
  const whyNot = as_of === undefined ? (ask.isPending ? "The question is on its way" : undefined) : NOT_IN_THE_PAST;
  const send = (question: string) => {
    setRefused(undefined);
    setText("");
    ask.mutate({
      session: undefined,
      begin: { persona_id: persona, cluster_ids: [...cluster], provider: model === IN_ORDER ? null : model },
      message: { content: question },
      onBegun: (session) => go(`/chat/${session}`),
      onRefused: (session, error) => {
        // It goes where one is by then.
        setDraft(session === undefined ? key : key.replace(/ \S+$/, ` ${session}`), question);
        setRefused(error);
      },
    });
  };
  return (
    <>
      <Head title="New chat" onChats={onChats}>
        <PersonaPicker personas={personas ?? []} chosen={persona} onChange={(id) => setSearch({ persona: id === DEFAULT_PERSONA ? undefined : id }, { replace: true })} />
        <ClusterPicker chosen={cluster} onChange={(ids) => setSearch({ cluster: ids.length > 0 ? ids : undefined }, { replace: true })} />
        {models === undefined ? null : <ModelPicker models={models} chosen={model} onChange={setModel} />}
      </Head>
      <div className="chat-scroller-frame">
        <div className="chat-scroller is-start">
          <Start persona={personas?.find(({ id }) => id === persona)} clusters={cluster} isDisabled={whyNot !== undefined} onAsk={send} />
        </div>
      </div>
      <div className="chat-foot">
        {refused ? <InlineFailure error={refused} what="The question was not taken" /> : null}
        <Composer text={draft} onText={setText} onSend={() => send(draft)} whyNot={whyNot} isFirst />
      </div>
    </>
  );
}
