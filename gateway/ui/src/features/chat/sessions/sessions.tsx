import { Button } from "@patternfly/react-core";
import { PlusIcon, TrashIcon } from "@patternfly/react-icons";
import { useState } from "react";

import { InlineFailure, Loading } from "@/components/states";
import { Ago } from "@/components/timestamp";
import { DeleteDialog } from "@/features/chat/sessions/delete-dialog";
import { usePersonaNaming, useSessions } from "@/features/chat/shared/use-chats";
import { useFeeds } from "@/features/chat/stream/feeds";
import type { ChatSessionView } from "@/generated/api.schemas";
import { PageLink } from "@/lib/place";

interface SessionsProps {
  /** The one that is shown. */
  open: string | undefined;
  /** One was gone to. */
  onGo?: () => void;
  /** One is no more. */
  onErased: (id: string) => void;
}

/** My chats, the last used first. */
export function Sessions({ open, onGo, onErased }: SessionsProps) {
  const query = useSessions();
  const names = usePersonaNaming();
  const [erasing, setErasing] = useState<ChatSessionView>();
  const sessions = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div className="chat-list">
      <PageLink to="/chat" isExact className="pf-v6-c-button pf-m-secondary chat-new">
        <PlusIcon /> New chat
      </PageLink>
      {query.error ? <InlineFailure error={query.error} what="Your chats could not be read" /> : null}
      {query.data === undefined && !query.error ? <Loading lines={5} label="Loading your chats" /> : null}
      {query.data !== undefined && sessions.length === 0 ? <p className="hint chat-none">You have none. They are yours alone, and erased a day after the last question.</p> : null}
      <ul className="plain chat-sessions" aria-label="Your chats" onClick={onGo}>
        {sessions.map((session) => (
          <Row key={session.id} session={session} persona={names(session.persona_id)} isOpen={session.id === open} onErase={() => setErasing(session)} />
        ))}
      </ul>
      {query.hasNextPage ? (
        <Button variant="link" isInline isLoading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          Older ones
        </Button>
      ) : null}
      {erasing ? (
        <DeleteDialog
          session={erasing}
          onClose={() => setErasing(undefined)}
          onDone={() => {
            setErasing(undefined);
            onErased(erasing.id);
          }}
        />
      ) : null}
    </div>
  );
}

interface RowProps {
  session: ChatSessionView;
  persona: string;
  isOpen: boolean;
  onErase: () => void;
}

function Row({ session, persona, isOpen, onErase }: RowProps) {
  const { id, title, updated_at, is_answering } = session;
  const isFollowed = useFeeds(({ of }) => of[id] !== undefined);
  return (
    <li className={isOpen ? "chat-session is-open" : "chat-session"}>
      <PageLink to={`/chat/${id}`} className="chat-session-link">
        <span className="chat-session-title cut" title={title} dir="auto">
          {title}
        </span>
        <span className="chat-session-foot">
          <span className="cut">{persona}</span>
          {is_answering || isFollowed ? (
            <span className="chat-answering">
              <span className="chat-dot" aria-hidden /> answering
            </span>
          ) : (
            <Ago at={updated_at} />
          )}
        </span>
      </PageLink>
      <Button
        className="chat-erase"
        variant="plain"
        size="sm"
        aria-label={`Erase the chat: ${title}`}
        icon={<TrashIcon />}
        onClick={(event) => {
          event.stopPropagation();
          onErase();
        }}
      />
    </li>
  );
}
