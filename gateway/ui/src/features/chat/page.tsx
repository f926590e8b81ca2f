import "@/features/chat/chat.css";
import "@/features/chat/transcript/steps.css";
import "@/features/chat/transcript/transcript.css";

import { useState } from "react";

import { Drawer } from "@/components/drawer";
import { NewChat } from "@/features/chat/new-chat";
import { OneChat } from "@/features/chat/one-chat";
import { Sessions } from "@/features/chat/sessions/sessions";
import { useGo, usePathParam } from "@/lib/place";

/** The assistant: chats with it, and the one that is open. */
export function ChatPage() {
  const id = usePathParam("sessionId") || undefined;
  const go = useGo();
  const [isListed, setListed] = useState(false);
  const onErased = (erased: string) => {
    if (erased === id) go("/chat");
  };
  const onChats = () => setListed(true);
  return (
    <div className="page page-fills chat-page">
      <nav className="chat-rail" aria-label="Chats">
        <Sessions open={id} onErased={onErased} />
      </nav>
      <div className="chat-main">{id === undefined ? <NewChat onChats={onChats} /> : <OneChat key={id} id={id} onChats={onChats} />}</div>
      {isListed ? (
        <div className="chat-drawer">
          <Drawer title="Chats" label="Chats" onClose={() => setListed(false)}>
            <Sessions open={id} onGo={() => setListed(false)} onErased={onErased} />
          </Drawer>
        </div>
      ) : null}
    </div>
  );
}
