import "@/components/views/views.css";

import { DropdownGroup, DropdownItem, DropdownList } from "@patternfly/react-core";
import { BookmarkIcon } from "@patternfly/react-icons";
import { lazy, Suspense, useState } from "react";

import { ActionMenu } from "@/components/action-menu";
import { usePageActions } from "@/lib/page-actions";
import { useGo, usePath, useSearch, type Path } from "@/lib/place";
import { hasViews, searchOf, toOpen, useViews, type View } from "@/lib/views";

const SaveView = lazy(() => import("@/components/views/save-view"));
const ManageViews = lazy(() => import("@/components/views/manage-views"));

/** On a page with filters: its views, and keeping it as one. */
export function ViewsMenu() {
  const path = usePath();
  return hasViews(path) ? <Views key={path} path={path as Path} /> : null;
}

function Views({ path }: { path: Path }) {
  const [asked, setAsked] = useState<"save" | "manage">();
  const views = useViews((all) => all.views);
  const search = searchOf(useSearch());
  const go = useGo();
  const mine = views.filter((view) => view.path === path);
  const open = mine.find((view) => view.search === search);
  const close = () => setAsked(undefined);
  usePageActions([
    { name: "save-view", title: "Save this view", words: ["bookmark", "keep", "filters"], run: () => setAsked("save") },
    { name: "views", title: "Manage views", words: ["bookmarks", "saved", "export", "import"], run: () => setAsked("manage") },
  ]);
  return (
    <>
      <ActionMenu icon={<BookmarkIcon />} text={<span className="views-name">{open?.name ?? "Views"}</span>}>
        {mine.length > 0 ? (
          <DropdownGroup label="Views of this page">
            <DropdownList>
              {mine.map((view) => (
                <ViewItem key={view.name} view={view} isOpen={view === open} onOpen={() => go(path, toOpen(view))} />
              ))}
              {search === "" ? null : (
                <DropdownItem onClick={() => go(path, toOpen({ search: "" }))}>Without any filter</DropdownItem>
              )}
            </DropdownList>
          </DropdownGroup>
        ) : null}
        <DropdownList>
          <DropdownItem description="With its filters and time range, in this browser" onClick={() => setAsked("save")}>
            Save this view…
          </DropdownItem>
          <DropdownItem onClick={() => setAsked("manage")}>Manage views…</DropdownItem>
        </DropdownList>
      </ActionMenu>
      <Suspense>
        {asked === "save" ? <SaveView path={path} search={search} onClose={close} /> : null}
        {asked === "manage" ? <ManageViews path={path} onClose={close} /> : null}
      </Suspense>
    </>
  );
}

interface ViewItemProps {
  view: View;
  isOpen: boolean;
  onOpen: () => void;
}

function ViewItem({ view, isOpen, onOpen }: ViewItemProps) {
  return (
    <DropdownItem isSelected={isOpen} onClick={onOpen} description={view.isDefault ? "The page opens with it" : undefined}>
      {view.name}
    </DropdownItem>
  );
}
