import { Button, Modal, ModalBody, ModalHeader } from "@patternfly/react-core";
import { useEffect, useRef, useState } from "react";

import { ViewRow } from "@/components/views/view-row";
import { plural } from "@/lib/format";
import type { Path } from "@/lib/place";
import { asFile, readFile, titleOf, useViews, type View } from "@/lib/views";

/** Longer than all views that there may be. */
const LARGEST_FILE = 1_000_000;

/** All views of this browser, those of this page first: open, rename, delete, share. */
export default function ManageViews({ path, onClose }: { path: Path; onClose: () => void }) {
  const { views, save, remove, take } = useViews();
  const [removed, setRemoved] = useState<View>();
  const [told, setTold] = useState("");
  const [focused, setFocused] = useState<Pick<View, "name" | "path">>();
  const chosen = useRef<HTMLInputElement>(null);
  const undo = useRef<HTMLButtonElement>(null);
  // What was pressed is gone with its row.
  useEffect(() => {
    if (removed !== undefined) undo.current?.focus();
  }, [removed]);
  const paths = [...new Set([path, ...views.map((view) => view.path)])].filter((each) => views.some((view) => view.path === each));
  const load = async (file: File) => {
    const read = file.size > LARGEST_FILE ? undefined : readFile(await file.text());
    setRemoved(undefined);
    setTold(read === undefined ? `${file.name} holds no views.` : `${plural(take(read), "view")} taken from ${file.name}.`);
  };
  return (
    <Modal
      isOpen
      variant="medium"
      aria-labelledby="manage-views"
      onClose={onClose}
      // Escape in the field of a name leaves that alone.
      onEscapePress={({ target }) => {
        if (!(target instanceof HTMLInputElement)) onClose();
      }}
    >
      <ModalHeader
        title="Views"
        labelId="manage-views"
        description="They stay in this browser, for whoever uses it. Others get them by a link, or as a file."
      />
      <ModalBody tabIndex={0}>
        <div className="views-bar">
          <Button variant="secondary" size="sm" isDisabled={views.length === 0} onClick={() => download(asFile(views))}>
            Export as a file
          </Button>
          <Button variant="secondary" size="sm" onClick={() => chosen.current?.click()}>
            Import a file
          </Button>
          <input
            ref={chosen}
            type="file"
            accept="application/json,.json"
            aria-label="A file of views"
            className="visually-hidden"
            tabIndex={-1}
            onChange={({ target }) => {
              const file = target.files?.[0];
              // The same file may be chosen once more.
              target.value = "";
              if (file) void load(file);
            }}
          />
        </div>
        <p aria-live="polite" className="views-told">
          {removed === undefined ? (
            told
          ) : (
            <>
              Deleted “{removed.name}”.{" "}
              <Button
                ref={undo}
                variant="link"
                isInline
                onClick={() => {
                  save(removed);
                  setFocused(removed);
                  setRemoved(undefined);
                }}
              >
                Undo
              </Button>
            </>
          )}
        </p>
        {paths.length === 0 ? <p className="hint">Nothing is saved in this browser yet. Set filters on a page, then save its view.</p> : null}
        {paths.map((each) => (
          <section key={each} className="views-page" aria-label={titleOf(each)}>
            <h3>{titleOf(each)}</h3>
            <ul className="plain">
              {views
                .filter((view) => view.path === each)
                .map((view) => (
                  <ViewRow
                    key={view.name}
                    view={view}
                    onOpened={onClose}
                    takesFocus={focused?.name === view.name && focused.path === view.path}
                    onRename={(name) => setFocused(name === undefined ? undefined : { name, path: view.path })}
                    onRemove={() => {
                      remove(view);
                      setFocused(undefined);
                      setTold("");
                      setRemoved(view);
                    }}
                  />
                ))}
            </ul>
          </section>
        ))}
      </ModalBody>
    </Modal>
  );
}

function download(text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "aiops-views.json";
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
