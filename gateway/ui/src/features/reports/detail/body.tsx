/** A report that is ready: HTML in a frame that runs nothing, texts as they are, PDF as a file. */

import { Button } from "@patternfly/react-core";
import { DownloadIcon, FilePdfIcon } from "@patternfly/react-icons";
import { useQuery } from "@tanstack/react-query";

import { Failure, Loading, Nothing } from "@/components/states";
import { OnPaper } from "@/features/reports/detail/on-paper";
import { getDownloadReportQueryKey, getDownloadReportUrl } from "@/generated/api";
import type { ReportView } from "@/generated/api.schemas";
import { bytes, count } from "@/lib/format";
import { pour } from "@/lib/http";
import { usePrinting } from "@/lib/printing";

/** Characters that are shown; all of it is in the file. */
const MOST = 300_000;

export function Body({ report }: { report: ReportView }) {
  if (report.format === "PDF") return <File report={report} />;
  return <Read report={report} />;
}

function File({ report: { id, size_bytes } }: { report: ReportView }) {
  return (
    <Nothing
      title="A PDF is read as a file"
      icon={FilePdfIcon}
      actions={
        <Button component="a" href={getDownloadReportUrl(id)} download icon={<DownloadIcon />}>
          Download {size_bytes === null ? "it" : bytes(size_bytes)}
        </Button>
      }
    >
      To read a report here, ask for it as HTML.
    </Nothing>
  );
}

function Read({ report: { id, title, format, sha256 } }: { report: ReportView }) {
  const printing = usePrinting((now) => now.printing);
  // It never changes: what was read once is read.
  const { data, error, refetch } = useQuery({
    queryKey: [...getDownloadReportQueryKey(id), sha256],
    queryFn: ({ signal }) => read(id, format, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error) return <Failure error={error} what="The report itself" onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading lines={12} label="Loading the report itself" />;
  if (format === "HTML") {
    if (printing) return data === "" ? <p>{TOO_LONG}</p> : <OnPaper html={data} />;
    return (
      <iframe
        className="reports-frame"
        title={title}
        src={getDownloadReportUrl(id)}
        // No script, no form, an origin of its own; its links open beside it.
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
      />
    );
  }
  return (
    <div className="reports-text">
      {data.length > MOST ? <p className="hint">The first {count(MOST)} of {count(data.length)} characters; all of it is in the file.</p> : null}
      <pre tabIndex={0} aria-label={title} dir="auto">
        {data.slice(0, MOST)}
      </pre>
    </div>
  );
}

/** Of a report that is longer, the file can be printed. */
const MOST_PRINTED = 8_000_000;
const TOO_LONG = "It is too long to be printed from here: download the report, and print the file.";

/** Of HTML whether it can be had, as the frame reads it by itself and could not say why not; and what of it is for paper. */
async function read(id: string, format: ReportView["format"], signal: AbortSignal): Promise<string> {
  const body = await pour(getDownloadReportUrl(id), { signal });
  const text = await new Response(body).text();
  if (format === "HTML") return text.length > MOST_PRINTED ? "" : text;
  return format === "JSON" ? indented(text) : text;
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
