/** What one can do with a cluster from anywhere on its page. */

import { Button, DropdownItem, DropdownList, Tooltip } from "@patternfly/react-core";
import { SyncAltIcon } from "@patternfly/react-icons";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Suspense, useState } from "react";

import { ActionMenu } from "@/components/action-menu";
import { lazily, useComingSoon } from "@/components/lazily";
import { linksOf } from "@/features/clusters/detail/links";
import type { ClusterSearch } from "@/features/clusters/search";
import { useAllowed } from "@/features/clusters/shared/allowed";
import { isPending } from "@/features/clusters/shared/outcome";
import { refreshCluster } from "@/generated/api";
import type { ClusterView } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { useSetSearch } from "@/lib/place";

const DELETE = lazily(() => import("@/features/clusters/detail/delete-dialog"), "DeleteDialog");
const SOON = [DELETE];
const DeleteDialog = DELETE.Part;

export function Actions({ cluster, gone }: { cluster: ClusterView; gone: boolean }) {
  const { manages, operates, notNow } = useAllowed(cluster.id);
  const refused = gone ? "The cluster was deleted." : notNow;
  return (
    <>
      {operates ? <CheckNow cluster={cluster} refused={refused} /> : null}
      <OpenMenu cluster={cluster} />
      {manages ? <MoreMenu cluster={cluster} refused={refused} /> : null}
    </>
  );
}

function CheckNow({ cluster, refused }: { cluster: ClusterView; refused: string | undefined }) {
  const client = useQueryClient();
  const check = useMutation({
    mutationFn: () => refreshCluster(cluster.id),
    onSettled: () => client.invalidateQueries(),
  });
  const said = check.error
    ? check.error.message
    : isPending(check.data)
      ? "The check goes on."
      : check.data && !isOver(check.data, cluster)
        ? `Checked: ${title(check.data.status.state).toLowerCase()}`
        : undefined;
  const button = (
    <Button
      variant="secondary"
      icon={<SyncAltIcon />}
      isLoading={check.isPending}
      isAriaDisabled={refused !== undefined || check.isPending}
      onClick={() => check.mutate()}
    >
      {check.isPending ? "Checking" : "Check now"}
    </Button>
  );
  return (
    <>
      <span className={check.error ? "clusters-said clusters-problem" : "clusters-said hint"} aria-live="polite">
        {said}
      </span>
      {refused ? <Tooltip content={refused}>{button}</Tooltip> : button}
    </>
  );
}

/** A later check says more. */
const isOver = (found: ClusterView, now: ClusterView): boolean =>
  Date.parse(now.status.checked_at ?? "") > Date.parse(found.status.checked_at ?? "");

function OpenMenu({ cluster }: { cluster: ClusterView }) {
  const links = linksOf(cluster);
  if (links.length === 0) return null;
  return (
    <ActionMenu button="Open">
      <DropdownList>
        {links.map(({ text, url, hint }) => (
          <DropdownItem
            key={text}
            to={url}
            target="_blank"
            rel="noreferrer"
            isExternalLink
            description={hint}
          >
            {text}
          </DropdownItem>
        ))}
      </DropdownList>
    </ActionMenu>
  );
}

function MoreMenu({ cluster, refused }: { cluster: ClusterView; refused: string | undefined }) {
  const [deleting, setDeleting] = useState(false);
  useComingSoon(SOON);
  const setSearch = useSetSearch<ClusterSearch>();
  const item = {
    isAriaDisabled: refused !== undefined,
    ...(refused ? { tooltipProps: { content: refused } } : {}),
  };
  return (
    <>
      <ActionMenu label="More actions">
        <DropdownList>
          <DropdownItem {...item} onClick={() => setSearch({ tab: "edit" })}>
            Edit
          </DropdownItem>
          <DropdownItem {...item} isDanger onClick={() => setDeleting(true)}>
            Delete
          </DropdownItem>
        </DropdownList>
      </ActionMenu>
      {deleting ? (
        <Suspense fallback={null}>
          <DeleteDialog cluster={cluster} onClose={() => setDeleting(false)} />
        </Suspense>
      ) : null}
    </>
  );
}
