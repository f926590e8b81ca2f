import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { InlineFailure } from "@/components/states";
import { readSessions } from "@/features/chat/shared/use-chats";
import { unfollow } from "@/features/chat/stream/feeds";
import { deleteChatSession, getGetChatSessionQueryKey, getListChatMessagesQueryKey } from "@/generated/api";
import type { ChatSessionView } from "@/generated/api.schemas";

interface DeleteDialogProps {
  session: ChatSessionView;
  onClose: () => void;
  onDone: () => void;
}

/** A chat goes for good. */
export function DeleteDialog({ session, onClose, onDone }: DeleteDialogProps) {
  const client = useQueryClient();
  const erase = useMutation({
    mutationFn: () => deleteChatSession(session.id),
    onSuccess: async () => {
      unfollow(session.id);
      onDone();
      // Nothing of it stays here either.
      client.removeQueries({ queryKey: getListChatMessagesQueryKey(session.id) });
      client.removeQueries({ queryKey: getGetChatSessionQueryKey(session.id) });
      await readSessions(client);
    },
  });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="erase-title" aria-describedby="erase-body">
      <ModalHeader title="Erase this chat?" labelId="erase-title" titleIconVariant="warning" />
      <ModalBody id="erase-body">
        <p className="chat-erased-title" dir="auto">
          {session.title}
        </p>
        <p>It erases everything that was said in it: nobody can read it again, not in the log either.</p>
        {erase.error ? <InlineFailure error={erase.error} what="Not erased" /> : null}
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={erase.isPending} isDisabled={erase.isPending} onClick={() => erase.mutate()}>
          Erase it
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
