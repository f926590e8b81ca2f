/** Asks, follows and stops answers. */

import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { begun } from "@/features/chat/shared/begun";
import { readChat, show, useMessages } from "@/features/chat/shared/use-chats";
import { follow, isFollowed, setStopping, setWrong, useFeeds } from "@/features/chat/stream/feeds";
import { turnOf } from "@/features/chat/stream/turn";
import { cancelChatTurn, createChatSession, getListChatMessagesQueryKey } from "@/generated/api";
import type { ChatMessageList, ChatSessionView, NewChatMessage, NewChatSession } from "@/generated/api.schemas";
import { ApiError, Unreachable } from "@/lib/http";

interface Asked {
  /** Undefined: a new one is begun for it. */
  session: string | undefined;
  begin: NewChatSession;
  message: NewChatMessage;
  onBegun: (session: string) => void;
  /** It was not taken: it goes back to where it was written. */
  onRefused: (session: string | undefined, error: Error) => void;
}

/** Asks a question, in a chat or in a new one; resolves when it is being answered. */
export function useAsk() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ session, begin, message, onBegun, onRefused }: Asked) => {
      const known = session ?? (await beginning(client, begin));
      setWrong(known, undefined);
      const taken = Promise.withResolvers<void>();
      void ask(client, known, message, taken.resolve)
        .catch((error: Error) => onRefused(known, error))
        .finally(taken.resolve);
      if (session === undefined) onBegun(known);
      await taken.promise;
    },
    onError: (error, { onRefused }) => onRefused(undefined, error),
  });
}

async function beginning(client: QueryClient, begin: NewChatSession): Promise<string> {
  const session = begun(await createChatSession(begin));
  show(client, session);
  return session.id;
}

async function ask(client: QueryClient, session: string, message: NewChatMessage, onTaken: () => void): Promise<void> {
  const before = questions(client, session);
  try {
    const isOver = await follow(session, {
      ask: message,
      onTaken: () => {
        onTaken();
        void readChat(client, session);
      },
      settle: async ({ answer }) => readChat(client, session, answer),
    });
    if (!isOver) return;
  } catch (error) {
    await readChat(client, session);
    // What was taken is not asked a second time: that its answer could not be followed is all that went wrong.
    if (!(error instanceof Unreachable) || questions(client, session) === before) throw error;
    setWrong(session, error);
    return;
  }
  if (questions(client, session) === before) throw useFeeds.getState().wrong[session] ?? new Unreachable(new Error("the question has not arrived"));
}

const questions = (client: QueryClient, session: string): number =>
  client.getQueryData<ChatMessageList>(getListChatMessagesQueryKey(session))?.items.filter(({ role }) => role === "USER").length ?? 0;

/** The projection may say for a moment that an answer is made which is there already. */
const AGAIN_MS = 2_000;

/** Follows the answer that is being made in a chat, whoever has asked for it. */
export function useFollow(session: ChatSessionView | undefined): void {
  const client = useQueryClient();
  const id = session?.id ?? "";
  const isWanted = session?.is_answering ?? false;
  const { data } = useMessages(id, isWanted);
  const running = data?.items.at(-1);
  const feed = useFeeds(({ of }) => of[id] !== undefined);
  const isKnown = data !== undefined;
  useEffect(() => {
    if (!isWanted || feed || !isKnown || isFollowed(id)) return;
    const begin = () => {
      const turn = running?.role === "USER" && running.state === "RUNNING" ? turnOf(running) : undefined;
      follow(id, { ...(turn ? { turn } : {}), settle: async ({ answer }) => readChat(client, id, answer) }).catch((error: Error) => setWrong(id, error));
    };
    const timer = setTimeout(begin, isRunning(running?.state) ? 0 : AGAIN_MS);
    return () => clearTimeout(timer);
  }, [client, feed, id, isWanted, isKnown, running]);
}

const isRunning = (state: string | undefined): boolean => state === "RUNNING";

/** No answer is wanted any more. */
export function useStop(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      setStopping(id, true);
      await cancelChatTurn(id);
    },
    onSettled: () => {
      if (!isFollowed(id)) return readChat(client, id);
      return undefined;
    },
    onError: (error) => {
      setStopping(id, false);
      setWrong(id, error);
    },
  });
}

/** The chat is over, or erased. */
export const isOver = (error: unknown): boolean => error instanceof ApiError && (error.code === "SESSION_EXPIRED" || error.code === "SESSION_NOT_FOUND");
