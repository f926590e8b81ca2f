/** Which tool call is looked at: a claim leads to it. */

import { createContext, useContext } from "react";

export interface OpenCall {
  /** The call that was asked for last, and how often one was: the same one may be asked for again. */
  wanted: { call: string; times: number } | undefined;
  open: (call: string) => void;
  /** Whether the steps are shown, once somebody has folded or unfolded them. */
  areOpen: boolean | undefined;
  setOpen: (open: boolean) => void;
}

export const OpenCallContext = createContext<OpenCall>({ wanted: undefined, open: () => {}, areOpen: undefined, setOpen: () => {} });

export const useOpenCall = (): OpenCall => useContext(OpenCallContext);
