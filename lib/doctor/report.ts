/**
 * What was found, for people and for programs.
 *
 * @module
 */
import { escaped } from "../base/foreign_text.ts";
import { bytesOf } from "../base/bytes.ts";
import type { Diagnosis, Told } from "./doctor.ts";
import { plural } from "./words.ts";

const order = { error: 0, warning: 1, note: 2 } as const;
const indent = "  ";

/** Whether something is to be done. */
export const isWrong = ({ severity }: Told): boolean => severity !== "note";

/** Lines for a terminal: by installation, the worst first. */
export function reportLines(all: readonly Diagnosis[]): string[] {
  const lines = all.filter(({ findings }) => findings.length > 0)
    .flatMap(({ subject, findings }) => [
      `${safe(subject)}:`,
      ...findings.toSorted((one, other) => rank(one) - rank(other))
        .flatMap(findingLines),
      "",
    ]);
  return [...lines, summaryLine(all)];
}

/** What was not looked at comes last. */
const rank = ({ severity, isUnseen }: Told): number =>
  order[severity] + (isUnseen ? 1 : 0);

function findingLines(told: Told): string[] {
  const { severity, look, what, where, remedy, isUnseen } = told;
  const word = isUnseen ? "not seen" : severity;
  const place = where === null ? "" : ` (${safe(where)})`;
  return [
    `${indent}${word}: ${look}: ${safe(what)}${place}`,
    ...remedy === "" ? [] : [`${indent}${indent}-> ${safe(remedy)}`],
  ];
}

function summaryLine(all: readonly Diagnosis[]): string {
  const found = all.flatMap(({ findings }) => findings);
  const count = (severity: Told["severity"]) =>
    found.filter((each) => each.severity === severity && !each.isUnseen).length;
  const unseen = found.filter(({ isUnseen }) => isUnseen).length;
  const counts = [
    plural(count("error"), "error"),
    plural(count("warning"), "warning"),
    plural(count("note"), "note"),
    ...unseen > 0 ? [`${plural(unseen, "thing")} not looked at`] : [],
  ];
  return counts.join(", ");
}

/** One object. Nothing in it moves the cursor of who looks at it. */
export function reportJson(all: readonly Diagnosis[]): string {
  const findings = all.flatMap(({ subject, findings }) =>
    findings.map(({ isUnseen, ...rest }) => ({
      subject,
      ...rest,
      seen: isUnseen !== true,
    }))
  );
  const text = JSON.stringify({ findings }, null, 2);
  return text.replace(
    /[\x7f-\uffff]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text of files and command lines, of which each byte can be seen. */
const safe = (text: string): string => escaped(bytesOf(text));
