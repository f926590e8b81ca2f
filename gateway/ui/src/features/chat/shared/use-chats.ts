/** Chats, as they are begun, asked and erased; in this window and in others. */

import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useMemo } from "react";

import {
  getCompareChatQueryKey,
  getGetChatSessionQueryKey,
  getListChatMessagesQueryKey,
  getListChatSessionsUrl,
  getListPersonasUrl,
  listChatSessions,
  listPersonas,
  useCompareChat,
  useGetChatSession,
  useListChatMessages,
  useListChatModels,
} from "@/generated/api";
import type { ChatMessageList, ChatMessageView, ChatSessionView, PersonaView } from "@/generated/api.schemas";
import { useRefreshOn } from "@/lib/refresh";

const SESSIONS = getListChatSessionsUrl();
const PERSONAS = getListPersonasUrl();
const PAGE = 50;
/** What happens in another window is heard of by events; should they be missed, no later than this. */
const LOOK_MS = 20_000;
const EVENTS = ["CHAT_SESSION_CREATED", "CHAT_MESSAGE", "TURN_CANCELLED", "CHAT_SESSION_DELETED"];

export function useSessions() {
  useRefreshOn({ types: EVENTS }, [SESSIONS]);
  return useInfiniteQuery({
    queryKey: [SESSIONS, "pages"],
    queryFn: ({ pageParam, signal }) => listChatSessions({ page: pageParam, page_size: PAGE }, { signal }),
    initialPageParam: 1,
    getNextPageParam: ({ page, total_pages }) => (page < total_pages ? page + 1 : undefined),
    placeholderData: keepPreviousData,
    refetchInterval: LOOK_MS,
  });
}

export function useSession(id: string) {
  return useGetChatSession(id, { query: { refetchInterval: ({ state }) => (state.error ? false : LOOK_MS) } });
}

export const useMessages = (id: string, enabled = true) => useListChatMessages(id, { query: { enabled } });

export const useComparison = (id: string) => useCompareChat(id);

/** Undefined until they are known. */
export const useModels = () => useListChatModels({ query: { staleTime: 60_000 } }).data?.items;

/** Built-in ones first; undefined until they are known. */
export function usePersonas(): readonly PersonaView[] | undefined {
  return useQuery({ queryKey: [PERSONAS, "all"], queryFn: ({ signal }) => everyPersona({ signal }), staleTime: 60_000 }).data;
}

async function everyPersona(options: { signal: AbortSignal }): Promise<PersonaView[]> {
  const read = (page: number) => listPersonas({ page, page_size: 100 }, options);
  const first = await read(1);
  const found = [...first.items];
  for (let page = 2; page <= first.total_pages; page += 1) found.push(...(await read(page)).items);
  return found;
}

/** What a persona is called; its id, where it is there no more. */
export function usePersonaNaming(): (id: string) => string {
  const personas = usePersonas();
  const names = useMemo(() => new Map(personas?.map(({ id, name }) => [id, name])), [personas]);
  return (id) => names.get(id) ?? id;
}

/** Has the list of chats read again. */
export const readSessions = (client: QueryClient): Promise<void> => client.invalidateQueries({ queryKey: [SESSIONS] });

/** Has all of one chat read again; resolves when what was said is there. */
export async function readChat(client: QueryClient, id: string, answer?: ChatMessageView): Promise<void> {
  if (answer) keep(client, answer, id);
  void readSessions(client);
  void client.invalidateQueries({ queryKey: getGetChatSessionQueryKey(id) });
  void client.invalidateQueries({ queryKey: getCompareChatQueryKey(id) });
  await client.invalidateQueries({ queryKey: getListChatMessagesQueryKey(id) });
}

/** The answer stands where it was being made before what was said is read again. */
function keep(client: QueryClient, answer: ChatMessageView, id: string): void {
  client.setQueryData<ChatMessageList>(getListChatMessagesQueryKey(id), (before) => {
    if (before === undefined || before.items.some((each) => each.id === answer.id)) return before;
    const at = before.items.findIndex((each) => each.id === answer.turn_id);
    // Without its question it would stand alone.
    if (at < 0) return before;
    const items = before.items.map((each) => (each.id === answer.turn_id ? { ...each, state: answer.state, steps: [] } : each));
    return { items: items.toSpliced(at + 1, 0, answer) };
  });
}

/** A chat that was begun just now is shown before the list is read again. */
export function show(client: QueryClient, session: ChatSessionView): void {
  client.setQueryData(getGetChatSessionQueryKey(session.id), session);
  client.setQueryData(getListChatMessagesQueryKey(session.id), (before?: ChatMessageList) => before ?? { items: [] });
  void readSessions(client);
}

export function useReadChat(): (id: string) => Promise<void> {
  const client = useQueryClient();
  return (id) => readChat(client, id);
}
