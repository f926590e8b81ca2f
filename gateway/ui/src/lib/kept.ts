/** What stores keep in this browser. A storage that is full or closed keeps nothing, and the page goes on without it. */

import { createJSONStorage, type PersistStorage, type StateStorage } from "zustand/middleware";

function tried<T>(act: () => T, otherwise: T): T {
  try {
    return act();
  } catch {
    return otherwise;
  }
}

const storage: StateStorage<void> = {
  getItem: (name) => tried(() => localStorage.getItem(name), null),
  setItem: (name, value) => tried(() => localStorage.setItem(name, value), undefined),
  removeItem: (name) => tried(() => localStorage.removeItem(name), undefined),
};

/** As `storage` of every store that `persist` keeps: by itself that lets errors of the storage through. */
export const kept = <T>(): PersistStorage<T, void> => createJSONStorage<T>(() => storage)!;
