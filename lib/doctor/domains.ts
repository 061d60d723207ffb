/**
 * The domains that a server takes mail for, as they are written.
 *
 * @module
 */
import type { SmtpdOptions } from "../smtpd/options.ts";
import { textOf } from "./words.ts";

export interface OurDomains {
  /** null if nobody says, or nobody can read it. */
  readonly domains: readonly string[] | null;
  /** The file that they stand in; null for an option. */
  readonly where: string | null;
}

export function ourDomains(
  { rcpthosts, control }: Pick<SmtpdOptions, "rcpthosts" | "control">,
): OurDomains {
  if (rcpthosts !== null && !rcpthosts.includes("/")) {
    return { domains: words(rcpthosts.split(",")), where: null };
  }
  const path = rcpthosts ?? `${control}/rcpthosts`;
  const text = textOf(path);
  if (text === null) return { domains: null, where: null };
  return { domains: words(text.split("\n")), where: path };
}

const words = (lines: readonly string[]): string[] =>
  lines.map((line) => line.trim().toLowerCase())
    .filter((line) => line !== "" && !line.startsWith("#"));
