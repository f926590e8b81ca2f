/** A chat: what was said in it, what is being said, and the next question. */

import { Alert, AlertActionCloseButton, Button } from "@patternfly/react-core";
import { useState } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { Failure, InlineFailure, Loading, Nothing } from "@/components/states";
import { AgainDialog } from "@/features/chat/again/again-dialog";
import { Comparison } from "@/features/chat/again/comparison";
import { Composer } from "@/features/chat/composer/composer";
import { setDraft, useDraft, useDraftKey } from "@/features/chat/composer/drafts";
import { useEscape } from "@/features/chat/composer/use-escape";
import { Head } from "@/features/chat/head/head";
import { IN_ORDER, modelInWords, NoModel } from "@/features/chat/head/model-picker";
import { PersonaPicker } from "@/features/chat/head/persona-picker";
import { NOT_IN_THE_PAST } from "@/features/chat/new-chat";
import { useMessages, useModels, usePersonas, useSession } from "@/features/chat/shared/use-chats";
import { setWrong, useFeeds } from "@/features/chat/stream/feeds";
import { isOver, useAsk, useFollow, useStop } from "@/features/chat/stream/use-ask";
import { Transcript } from "@/features/chat/transcript/transcript";
import { turnsOf } from "@/features/chat/transcript/turns";
import { useAtEnd } from "@/features/chat/transcript/use-at-end";
import type { ChatMessageView, ChatSessionView } from "@/generated/api.schemas";
import { ApiError } from "@/lib/http";
import { useAsOf } from "@/lib/moment";
import { useGo } from "@/lib/place";

interface OneChatProps {
  id: string;
  onChats: () => void;
}

export function OneChat({ id, onChats }: OneChatProps) {
  const session = useSession(id);
  const messages = useMessages(id);
  const error = session.error ?? messages.error;
  if (isOver(error)) return <Over id={id} onChats={onChats} />;
  if (session.data === undefined || messages.data === undefined) {
    return (
      <>
        <Head title="Chat" onChats={onChats}>
          {null}
        </Head>
        <div className="chat-scroller">
          {error ? <Failure error={error} what="The chat" onRetry={() => void Promise.all([session.refetch(), messages.refetch()])} /> : <Loading lines={8} label="Loading the chat" />}
        </div>
      </>
    );
  }
  return <Shown session={session.data} messages={messages.data.items} onChats={onChats} />;
}

interface ShownProps {
  session: ChatSessionView;
  messages: readonly ChatMessageView[];
  onChats: () => void;
}

function Shown({ session, messages, onChats }: ShownProps) {
  const { id } = session;
  const go = useGo();
  const { as_of } = useAsOf();
  const feed = useFeeds(({ of }) => of[id]);
  const wrong = useFeeds(({ wrong }) => wrong[id]);
  const stopped = useFeeds((feeds) => feeds.stopped);
  const personas = usePersonas();
  const models = useModels();
  const last = messages.findLast(({ role }) => role === "USER");
  const [persona, setPersona] = useState<string>();
  const [clusters, setClusters] = useState<string[]>();
  const [again, setAgain] = useState<ChatMessageView>();
  const key = useDraftKey(id);
  const [draft, setText] = useDraft(key);
  const ask = useAsk();
  const stop = useStop(id);
  const atEnd = useAtEnd();
  useFollow(session);
  const turns = turnsOf(messages, feed, stopped);
  const isAnswering = feed !== undefined || turns.at(-1)?.state === "answering";
  const end = isAnswering && feed?.state !== "settling" ? () => stop.mutate() : undefined;
  const isStopping = stop.isPending || (feed?.isStopping ?? false);
  useEscape(isStopping ? undefined : end);
  const speaks = persona ?? last?.persona_id ?? session.persona_id;
  const about = clusters ?? last?.cluster_ids ?? session.cluster_ids;
  const send = () => {
    const question = draft;
    setText("");
    atEnd.toEnd();
    ask.mutate({
      session: id,
      begin: {},
      message: { content: question, persona_id: speaks, cluster_ids: [...about] },
      onBegun: () => {},
      onRefused: (_, error) => {
        setDraft(key, question);
        setWrong(id, error);
      },
    });
  };
  const whyNot = as_of !== undefined ? NOT_IN_THE_PAST : isAnswering ? "An answer is being made: stop it, or wait for it" : undefined;
  return (
    <>
      <Head title={session.title} onChats={onChats}>
        <PersonaPicker personas={personas ?? []} chosen={speaks} onChange={setPersona} />
        <ClusterPicker chosen={about} onChange={setClusters} />
        {models === undefined ? null : models.length === 0 ? (
          <NoModel />
        ) : (
          <span className="chat-no-model cut" title="A chat keeps its model. An answer's menu asks again of another.">
            {modelInWords(models, session.provider ?? IN_ORDER)}
          </span>
        )}
      </Head>
      <Transcript
        turns={turns}
        feed={feed}
        atEnd={atEnd}
        persona={speaks}
        onAgain={setAgain}
        first={session.rerun_of ? <Comparison session={session} turn={turns[0]} feed={feed} onAgain={setAgain} /> : undefined}
      />
      <div className="chat-foot">
        {wrong ? <Wrong session={id} error={wrong} draft={draft} /> : null}
        <Composer text={draft} onText={setText} onSend={send} whyNot={whyNot} onStop={end} isStopping={isStopping} isFirst />
      </div>
      {again ? <AgainDialog session={id} answer={again} onClose={() => setAgain(undefined)} onBegun={(begun) => go(`/chat/${begun}`)} /> : null}
    </>
  );
}

/** What went wrong last; what was written is still there. */
function Wrong({ session, error, draft }: { session: string; error: Error; draft: string }) {
  const isFull = error instanceof ApiError && (isOver(error) || error.code === "CONTEXT_TOO_LARGE" || error.code === "LIMIT_REACHED");
  const isBusy = error instanceof ApiError && error.code === "TURN_IN_PROGRESS";
  if (!isFull && !isBusy) return <InlineFailure error={error} what="There is no answer" />;
  return (
    <Alert
      isInline
      component="p"
      variant={isBusy ? "info" : "warning"}
      title={isBusy ? "Another question is being answered: yours is still here" : error.message}
      actionClose={<AlertActionCloseButton onClose={() => setWrong(session, undefined)} />}
      actionLinks={isFull ? <BeginNew session={session} draft={draft} /> : undefined}
    />
  );
}

function BeginNew({ session, draft }: { session: string; draft: string }) {
  const go = useGo();
  const fresh = useDraftKey(undefined);
  const before = useDraftKey(session);
  return (
    <Button
      variant="link"
      isInline
      onClick={() => {
        if (draft !== "") setDraft(fresh, draft);
        setDraft(before, "");
        go("/chat");
      }}
    >
      {draft === "" ? "Begin a new one" : "Begin a new one with this question"}
    </Button>
  );
}

function Over({ id, onChats }: { id: string; onChats: () => void }) {
  const key = useDraftKey(id);
  const [draft] = useDraft(key);
  return (
    <>
      <Head title="Chat" onChats={onChats}>
        {null}
      </Head>
      <div className="chat-scroller">
        <Nothing title="This chat is over" actions={<BeginNew session={id} draft={draft} />}>
          A chat is erased a day after its last question, a week after its first, or by whoever began it: nobody can read it any more.
          {draft === "" ? null : " The question that you were writing is kept."}
        </Nothing>
      </div>
    </>
  );
}
