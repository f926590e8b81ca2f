/** What detectors measure of a series, in words. */

const WORDS: Readonly<Record<string, string>> = {
  "level 16 to 256": "Mean of 16 values against that of 256",
  "season 4 to 64": "Mean of 4 values against that of 64, the usual day taken off",
  "season 16": "Mean of 16 values, the usual day taken off",
  "season 32": "Mean of 32 values, the usual day taken off",
  "season 64": "Mean of 64 values, the usual day taken off",
  "step 16": "How much it changes from value to value",
  "spread 32": "How widely 32 values spread",
  level: "Mean of 3 values",
  deviation: "Distance from the mean of 30 values",
  week: "Distance from the usual at this hour of the week",
  shift: "Mean of 24 values against the 24 before",
  day: "Distance from the usual at this time of day",
  low: "The lowest of 36 values",
  burst: "How far out the last dozen values were",
  high: "The highest of 36 values",
};

/** One that is not known here by its own name. */
export const featureInWords = (feature: string): string => WORDS[feature] ?? feature.replace(/^./, (first) => first.toUpperCase());
