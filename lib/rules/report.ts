/**
 * Explanations and findings as lines for a person.
 *
 * @module
 */
import type { Explanation } from "./explain.ts";
import type { Finding } from "./finding.ts";

/** A byte string for a terminal. */
export const printable = (text: string): string =>
  text.replace(
    /[^\x20-\x7e]/g,
    (byte) => "\\x" + byte.charCodeAt(0).toString(16).padStart(2, "0"),
  );

/** @param file name of the text */
export function explanationLines(
  file: string,
  { peer, decision, otherwise, tried, source }: Explanation,
): string[] {
  const lines = [
    `decision  ${decision.type}`,
    decision.rule === null
      ? "rule      none: without a rule everybody is allowed"
      : `rule      "${printable(decision.rule)}"`,
  ];
  if (source) {
    lines.push(`line      ${file}:${source.line}: ${printable(source.text)}`);
  }
  for (const [name, value] of decision.type === "allow" ? decision.env : []) {
    lines.push(`sets      ${printable(name)}=${printable(value)}`);
  }
  if (otherwise) {
    const { type, rule } = otherwise;
    const by = rule === null ? "no rule" : `rule "${printable(rule)}"`;
    lines.push(
      `provided  ${printable(peer.host ?? "")} leads back to ${peer.ip}: ` +
        "postern serve asks the DNS, tcpserver does with -p only",
      `else      ${type}, by ${by}`,
    );
  }
  const quoted = tried.map((key) => `"${printable(key)}"`);
  return [...lines, `tried     ${quoted.join(", ")}`];
}

/** @param file name of the text */
export function findingLine(
  file: string,
  { line, kind, what, remedy }: Finding,
): string {
  const where = line ? `${file}:${line}` : file;
  return `${where}: ${kind}: ${printable(what)}; ${remedy}`;
}
