import { useEffect, useState } from "react";

/** True once that many milliseconds have passed: skeletons are shown to those who wait, not to all. */
export function useLater(milliseconds: number): boolean {
  const [later, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLater(true), milliseconds);
    return () => clearTimeout(timer);
  }, [milliseconds]);
  return later;
}
