/** The second step of an import: which of what was found is registered, and under which names. */

import { Alert, Button, Checkbox, Form, FormSection, TextInput } from "@patternfly/react-core";
import { CheckCircleIcon, ExclamationCircleIcon, InfoCircleIcon } from "@patternfly/react-icons";
import { useState, type FormEvent } from "react";

import { InlineFailure } from "@/components/states";
import { COMMON_DEFAULTS, CommonFields, commonOf, type Common } from "@/features/clusters/add/import-options";
import { EMPTY, nameProblem, problemsOf } from "@/features/clusters/shared/draft";
import { sentence } from "@/features/clusters/shared/sentence";
import type { ImportedCluster, ImportRequest, ImportResult } from "@/generated/api.schemas";
import { plural, title } from "@/lib/format";
import { PageLink } from "@/lib/place";

export type Chosen = Pick<ImportRequest, "contexts" | "names"> & Partial<ImportRequest>;

interface ImportChoiceProps {
  found: ImportResult;
  /** `context`, `managed cluster`. */
  what: string;
  /** What to say of one that would be registered. */
  good: string;
  disabled: string | undefined;
  isPending: boolean;
  error: Error | null;
  onImport: (chosen: Chosen) => void;
  /** What is wrong was put right: all of it is tried again. */
  onAgain: () => void;
  onBack: () => void;
}

export function ImportChoice(props: ImportChoiceProps) {
  const { found, what, good, disabled, isPending, error, onImport, onAgain, onBack } = props;
  const can = found.items.filter(({ outcome }) => outcome === "WOULD_REGISTER");
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [names, setNames] = useState<Readonly<Record<string, string>>>({});
  const [common, setCommon] = useState<Common>(COMMON_DEFAULTS);
  const [tried, setTried] = useState(false);
  const chosen = can.filter(({ source }) => !left.has(source));
  const nameOf = ({ source, name }: ImportedCluster) => names[source] ?? name ?? "";
  const { region, labels } = problemsOf({ ...EMPTY, ...common });
  const problems = { ...(region ? { region } : {}), ...(labels ? { labels } : {}) };
  const wrong = Object.keys(problems).length > 0 || chosen.some((each) => nameProblem(nameOf(each)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrong) return;
    onImport({
      ...commonOf(common),
      contexts: chosen.map(({ source }) => source),
      names: Object.fromEntries(chosen.map((each) => [each.source, nameOf(each)])),
    });
  };
  const leave = (source: string, out: boolean) => {
    const next = new Set(left);
    if (out) next.add(source);
    else next.delete(source);
    setLeft(next);
  };
  return (
    <Form onSubmit={submit} noValidate className="clusters-form">
      <FormSection title={`${plural(found.items.length, what)} found`} titleElement="h2">
        <div>
          <div className="clusters-import-head" aria-hidden>
            <span>{title(what)}</span>
            <span>Name here</span>
            <span>What the hub found</span>
          </div>
          <ul className="clusters-import plain" aria-label={`Each ${what}`}>
            {found.items.map((each) => (
              <li key={each.source}>
                {each.outcome === "WOULD_REGISTER" ? (
                  <Checkbox
                    id={`take-${each.source}`}
                    label={each.source}
                    isChecked={!left.has(each.source)}
                    onChange={(_, take) => leave(each.source, !take)}
                  />
                ) : (
                  <span className="clusters-import-source">{each.source}</span>
                )}
                {each.outcome === "WOULD_REGISTER" && !left.has(each.source) ? (
                  <NameField
                    source={each.source}
                    name={nameOf(each)}
                    problem={tried ? nameProblem(nameOf(each)) : undefined}
                    onChange={(name) => setNames({ ...names, [each.source]: name })}
                  />
                ) : (
                  <span />
                )}
                <Said item={each} good={good} />
              </li>
            ))}
          </ul>
        </div>
      </FormSection>
      {can.length === 0 ? (
        <Alert isInline component="p" variant="info" title="None of them can be registered now">
          What stands in the way is beside each. Put it right, then look again.
        </Alert>
      ) : (
        <FormSection title="What they have in common" titleElement="h2">
          <CommonFields
            common={common}
            problems={tried ? problems : {}}
            onChange={(changed) => setCommon({ ...common, ...changed })}
          />
        </FormSection>
      )}
      {error ? <InlineFailure error={error} what="Nothing was registered" /> : null}
      <div className="clusters-line">
        {can.length > 0 ? (
          <Button
            type="submit"
            isLoading={isPending}
            isDisabled={chosen.length === 0 || isPending || disabled !== undefined}
          >
            Register {plural(chosen.length, "cluster")}
          </Button>
        ) : null}
        {found.refused > 0 ? (
          <Button variant="secondary" isDisabled={isPending || disabled !== undefined} onClick={onAgain}>
            Look again
          </Button>
        ) : null}
        <Button variant="link" onClick={onBack}>
          Start over
        </Button>
        <span className="hint">{disabled}</span>
      </div>
    </Form>
  );
}

interface NameFieldProps {
  source: string;
  name: string;
  problem: string | undefined;
  onChange: (name: string) => void;
}

function NameField({ source, name, problem, onChange }: NameFieldProps) {
  return (
    <span>
      <TextInput
        aria-label={`Name for ${source}`}
        value={name}
        validated={problem ? "error" : "default"}
        onChange={(_, next) => onChange(next)}
      />
      {problem ? <span className="clusters-problem">{problem}</span> : null}
    </span>
  );
}

/** What was found out about one, in words. */
function Said({ item, good }: { item: ImportedCluster; good: string }) {
  if (item.outcome === "WOULD_REGISTER") {
    return (
      <span className="clusters-import-said tone-success">
        <CheckCircleIcon /> <span>{good}</span>
        <span className="quiet mono clusters-url">{item.api_server_url}</span>
      </span>
    );
  }
  if (item.outcome === "ALREADY_REGISTERED") {
    return (
      <span className="clusters-import-said tone-info">
        <InfoCircleIcon />
        <span>
          Registered already
          {item.cluster_id ? (
            <>
              {" as "}
              <PageLink to={`/clusters/${item.cluster_id}`}>{item.name}</PageLink>
            </>
          ) : null}
        </span>
      </span>
    );
  }
  return (
    <span className="clusters-import-said tone-danger">
      <ExclamationCircleIcon /> <span>{sentence(item.message ?? "it cannot be registered")}</span>
    </span>
  );
}
