import { Button, Label } from "@patternfly/react-core";

import { Ago } from "@/components/timestamp";
import { LoginMethod, type SessionView } from "@/generated/api.schemas";

const METHODS: Readonly<Record<LoginMethod, string>> = {
  [LoginMethod.code]: "One-time code",
  [LoginMethod.oidc]: "Organisation",
  [LoginMethod.openshift]: "OpenShift",
};

interface SessionRowProps {
  session: SessionView;
  /** Among those of others it is told whose it is. */
  everybody: boolean;
  onEnd: (session: SessionView) => void;
  isEnding: boolean;
}

/** One login: from where, how, and whether it is still used. */
export function SessionRow({ session, everybody, onEnd, isEnding }: SessionRowProps) {
  const { user, method, current, created_at, last_used_at, expires_at } = session;
  const from = placeOf(session);
  return (
    <li className="entry">
      <div className="entry-words">
        <div className="entry-head">
          <strong>{everybody ? user : from}</strong>
          <Label isCompact>{METHODS[method]}</Label>
          {current ? (
            <Label isCompact color="blue">
              This one
            </Label>
          ) : null}
        </div>
        <ul className="plain entry-facts hint">
          {everybody ? <li>{from}</li> : null}
          <li>
            since <Ago at={created_at} />
          </li>
          <li>
            {current ? (
              "in use now"
            ) : last_used_at ? (
              <>
                last used <Ago at={last_used_at} />
              </>
            ) : (
              "not used since"
            )}
          </li>
          <li>
            ends <Ago at={expires_at} />
          </li>
        </ul>
      </div>
      <Button
        variant="link"
        isDanger={!current}
        isDisabled={isEnding}
        isLoading={isEnding}
        aria-label={current ? "Log out here" : `End the login of ${user} from ${from}`}
        onClick={() => onEnd(session)}
      >
        {current ? "Log out" : "End"}
      </Button>
    </li>
  );
}

/** From where, as the hub saw it. */
export const placeOf = ({ address }: SessionView): string => address ?? "an unknown address";
