import {
  Button,
  Form,
  FormGroup,
  FormHelperText,
  FormSelect,
  FormSelectOption,
  HelperText,
  HelperTextItem,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  Radio,
  TextInput,
} from "@patternfly/react-core";
import { useState, type FormEvent, type ReactNode } from "react";

import { ClusterPicker } from "@/components/cluster-picker";
import { InlineFailure } from "@/components/states";
import { MadeDialog } from "@/features/settings/tokens/made-dialog";
import { useReadTokens } from "@/features/settings/tokens/use-tokens";
import { createToken } from "@/generated/api";
import { Role, type TokenMade } from "@/generated/api.schemas";
import { title } from "@/lib/format";
import { ApiError } from "@/lib/http";
import { MAY } from "@/lib/rights";

const LONGEST_NAME = 100;
const DAY_MS = 86_400_000;
/** Days; 0: it never expires. */
const AGES: readonly (readonly [days: number, said: string])[] = [
  [30, "In 30 days"],
  [90, "In 90 days"],
  [365, "In a year"],
  [0, "Never"],
];

/** The list of clusters is open: Escape is for that. */
const PICKING = '[role="dialog"] .pf-v6-c-menu-toggle[aria-expanded="true"]';

/** Makes a token, and shows its secret: that stays in this dialog, and goes with it. */
export function CreateDialog({ onClose }: { onClose: () => void }) {
  const read = useReadTokens();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(Role.viewer);
  const [clusters, setClusters] = useState<string[]>([]);
  const [days, setDays] = useState(90);
  const [isMaking, setMaking] = useState(false);
  const [error, setError] = useState<Error>();
  // No mutation: the cache would keep the secret.
  const [made, setMade] = useState<TokenMade>();
  const isNamed = name.trim() !== "";
  const make = async () => {
    setMaking(true);
    setError(undefined);
    try {
      const expires_at = days === 0 ? null : new Date(Date.now() + days * DAY_MS).toISOString();
      setMade(await createToken({ name: name.trim(), role, clusters, expires_at }));
    } catch (refused) {
      setError(refused as Error);
    } finally {
      setMaking(false);
      void read();
    }
  };
  const closeUnlessPicking = () => {
    if (document.querySelector(PICKING) === null) onClose();
  };
  if (made) return <MadeDialog made={made} onClose={onClose} />;
  return (
    <Modal isOpen variant="small" onClose={onClose} onEscapePress={closeUnlessPicking} aria-labelledby="token-title">
      <ModalHeader title="Create a token" labelId="token-title" />
      <ModalBody>
        <Form
          id="token-form"
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            if (isNamed && !isMaking) void make();
          }}
        >
          <FormGroup label="Name" fieldId="token-name" isRequired>
            <TextInput
              id="token-name"
              value={name}
              maxLength={LONGEST_NAME}
              isRequired
              autoComplete="off"
              spellCheck={false}
              aria-describedby="token-name-hint"
              onChange={(_, next) => setName(next)}
            />
            <Hint id="token-name-hint">Who or what uses it: it stands in events and in the audit log.</Hint>
          </FormGroup>
          <FormGroup label="Role" role="radiogroup" fieldId="token-role" isStack>
            {Object.values(Role).map((each) => (
              <Radio
                key={each}
                id={`token-role-${each}`}
                name="token-role"
                label={title(each)}
                description={MAY[each]}
                isChecked={role === each}
                onChange={() => setRole(each)}
              />
            ))}
          </FormGroup>
          <FormGroup label="Clusters" role="group" fieldId="token-clusters">
            <ClusterPicker chosen={clusters} onChange={setClusters} />
            <Hint>
              {clusters.length === 0
                ? role === Role.ingest
                  ? "Alerts of any cluster, also of those to come. One token for each Alertmanager is safer."
                  : "All of them, also those to come."
                : "These and no others."}
            </Hint>
          </FormGroup>
          <FormGroup label="Expires" fieldId="token-age">
            <FormSelect id="token-age" value={days} aria-describedby="token-age-hint" onChange={(_, next) => setDays(Number(next))}>
              {AGES.map(([value, said]) => (
                <FormSelectOption key={value} value={value} label={said} />
              ))}
            </FormSelect>
            <Hint id="token-age-hint">
              {days === 0 ? "It is good until somebody revokes it." : "It can be revoked before."}
            </Hint>
          </FormGroup>
          {error ? <InlineFailure error={error} what={whatFailed(error)} /> : null}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="token-form" isLoading={isMaking} isDisabled={!isNamed || isMaking}>
          Create
        </Button>
        <Button variant="link" isDisabled={isMaking} onClick={onClose}>
          Cancel
        </Button>
      </ModalFooter>
    </Modal>
  );
}

/** Without an answer nobody has its secret, but it may be there. */
function whatFailed(error: Error): string {
  const isRefused = error instanceof ApiError && error.status < 500;
  return isRefused ? "Not created" : "It may have been created: if it is in the list, revoke it";
}

function Hint({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <FormHelperText>
      <HelperText {...(id === undefined ? {} : { id })}>
        <HelperTextItem>{children}</HelperTextItem>
      </HelperText>
    </FormHelperText>
  );
}
