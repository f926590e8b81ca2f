/** A kubeconfig is dropped, chosen or pasted; it is read here and handed on, never shown again. */

import { Button, TextArea } from "@patternfly/react-core";
import { UploadIcon } from "@patternfly/react-icons";
import { useRef, useState, type DragEvent } from "react";

/** What the hub takes, in characters. */
const MOST = 1_100_000;

interface KubeconfigInputProps {
  isPending: boolean;
  disabled: string | undefined;
  onGiven: (kubeconfig: string) => void;
}

export function KubeconfigInput({ isPending, disabled, onGiven }: KubeconfigInputProps) {
  const file = useRef<HTMLInputElement>(null);
  const pasted = useRef<HTMLTextAreaElement>(null);
  const [over, setOver] = useState(false);
  const [problem, setProblem] = useState<string>();
  const give = (text: string) => {
    const wrong =
      text.trim() === ""
        ? "There is nothing in it. Drop a file, choose one, or paste its text."
        : text.length > MOST
          ? "This is over 1 MB: no kubeconfig that the hub takes."
          : undefined;
    setProblem(wrong);
    if (wrong === undefined) onGiven(text);
  };
  const read = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    give(chosen.size > MOST ? " ".repeat(MOST + 1) + "." : await chosen.text());
    if (file.current) file.current.value = "";
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (disabled === undefined) void read(event.dataTransfer.files[0]);
  };
  const blocked = isPending || disabled !== undefined;
  return (
    <div
      className={over ? "clusters-drop is-over" : "clusters-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <UploadIcon className="clusters-drop-icon" />
      <p>
        Drop a kubeconfig here, or{" "}
        <Button variant="link" isInline isDisabled={blocked} onClick={() => file.current?.click()}>
          choose a file
        </Button>
      </p>
      <input
        ref={file}
        type="file"
        className="visually-hidden"
        aria-label="Kubeconfig file"
        tabIndex={-1}
        onChange={(event) => void read(event.target.files?.[0])}
      />
      <TextArea
        ref={pasted}
        className="mono"
        aria-label="Or paste the text of a kubeconfig"
        placeholder={"or paste it:\napiVersion: v1\nkind: Config\n…"}
        rows={7}
        autoComplete="off"
        spellCheck={false}
        resizeOrientation="vertical"
        isDisabled={blocked}
        validated={problem ? "error" : "default"}
      />
      <span className="clusters-problem" aria-live="polite">
        {problem}
      </span>
      <div className="clusters-line">
        <Button isLoading={isPending} isDisabled={blocked} onClick={() => give(pasted.current?.value ?? "")}>
          {isPending ? "Trying each context" : "Look what is in it"}
        </Button>
        <span className="hint">{disabled ?? "It is sent to the hub to be tried. Nothing is registered or kept yet."}</span>
      </div>
    </div>
  );
}
