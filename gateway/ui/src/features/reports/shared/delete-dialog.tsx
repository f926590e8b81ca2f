import { Button, Modal, ModalBody, ModalFooter, ModalHeader } from "@patternfly/react-core";
import { useMutation } from "@tanstack/react-query";

import { InlineFailure } from "@/components/states";
import { useReadReports } from "@/features/reports/shared/use-reports";
import { deleteReport, deleteReportSchedule } from "@/generated/api";

interface DeleteDialogProps {
  /** What goes: a report, or what has one made again and again. */
  what: "report" | "schedule";
  id: string;
  title: string;
  onDone: () => void;
  onClose: () => void;
}

const WORDS = {
  report: {
    title: "Delete this report?",
    body: "It goes with its file, for everybody. It can be asked for again, but then it tells of what is known by then.",
    action: "Delete the report",
  },
  schedule: {
    title: "Delete this schedule?",
    body: "It makes no report any more. Those that it has made stay until they expire.",
    action: "Delete the schedule",
  },
} as const;

/** It goes only when one has read what that means. */
export function DeleteDialog({ what, id, title, onDone, onClose }: DeleteDialogProps) {
  const read = useReadReports();
  const words = WORDS[what];
  const erase = useMutation({
    mutationFn: () => (what === "report" ? deleteReport(id) : deleteReportSchedule(id)),
    onSuccess: async () => {
      onDone();
      await read();
    },
  });
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="report-delete-title" aria-describedby="report-delete-body">
      <ModalHeader title={words.title} labelId="report-delete-title" titleIconVariant="warning" />
      <ModalBody id="report-delete-body">
        <div className="words-apart">
          <p className="reports-going" dir="auto">
            {title}
          </p>
          <p>{words.body}</p>
          {erase.error ? <InlineFailure error={erase.error} what="Not deleted" /> : null}
        </div>
      </ModalBody>
      <ModalFooter>
        <Button variant="danger" isLoading={erase.isPending} isDisabled={erase.isPending} onClick={() => erase.mutate()}>
          {words.action}
        </Button>
        <Button variant="link" onClick={onClose}>
          Keep it
        </Button>
      </ModalFooter>
    </Modal>
  );
}
