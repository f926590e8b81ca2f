import { Button } from "@patternfly/react-core";
import { BarsIcon } from "@patternfly/react-icons";
import type { ReactNode } from "react";

interface HeadProps {
  title: string;
  /** Opens the chats, where there is no room for them. */
  onChats: () => void;
  children: ReactNode;
}

/** What the chat is called, and of whom and what it is asked. */
export function Head({ title, onChats, children }: HeadProps) {
  return (
    <header className="chat-head">
      <Button className="chat-open-list" variant="plain" aria-label="Chats" icon={<BarsIcon />} onClick={onChats} />
      <h1 className="cut" title={title} dir="auto">
        {title}
      </h1>
      <div className="chat-controls" role="group" aria-label="Of whom and what it is asked">
        {children}
      </div>
    </header>
  );
}
