/**
 * Explanations and findings as lines for a person.
 *
 * @module
 */
import { escaped } from "../base/foreign_text.ts";
import type { Explanation } from "./explain.ts";
import type { Finding } from "./finding.ts";

/** @param file name of the text */
export function explanationLines(
  file: string,
  { peer, decision, otherwise, tried, source }: Explanation,
): string[] {
  const lines = [
    `decision  ${decision.type}`,
    decision.rule === null
      ? "rule      none: without a rule everybody is allowed"
      : `rule      "${escaped(decision.rule)}"`,
  ];
  if (source) {
    lines.push(`line      ${file}:${source.line}: ${escaped(source.text)}`);
  }
  for (const [name, value] of decision.type === "allow" ? decision.env : []) {
    lines.push(`sets      ${escaped(name)}=${escaped(value)}`);
  }
  if (otherwise) {
    const { type, rule } = otherwise;
    const by = rule === null ? "no rule" : `rule "${escaped(rule)}"`;
    lines.push(
      `provided  ${escaped(peer.host ?? "")} leads back to ${peer.ip}: ` +
        "postern serve asks the DNS, tcpserver does with -p only",
      `else      ${type}, by ${by}`,
    );
  }
  const quoted = tried.map((key) => `"${escaped(key)}"`);
  return [...lines, `tried     ${quoted.join(", ")}`];
}

/** @param file name of the text */
export function findingLine(
  file: string,
  { line, kind, what, remedy }: Finding,
): string {
  const where = line ? `${file}:${line}` : file;
  return `${where}: ${kind}: ${escaped(what)}; ${remedy}`;
}
