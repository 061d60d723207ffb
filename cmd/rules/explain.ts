/**
 * Questions to a rules text, or to a database: postern rules explain and lint.
 *
 * @module
 */
import { Fatal } from "../../lib/base/fatal.ts";
import { canonicalAddress, isIPv4, isIPv6 } from "../../lib/base/ip.ts";
import { CdbError } from "../../lib/cdb/reader.ts";
import { nameOf, readText, unreadable } from "../../lib/cli/input.ts";
import { print } from "../../lib/cli/output.ts";
import { RuleError } from "../../lib/rules/grammar.ts";
import type { Peer } from "../../lib/rules/lookup.ts";
import { explanationLines, findingLine } from "../../lib/rules/report.ts";
import { extendedIf } from "./extended.ts";
import type { RulesOptions } from "./options.ts";

/** Tells which rule decides, and why. Throws Fatal. */
export async function explainTo(
  path: string,
  ip: string,
  { extended, format, host, info }: RulesOptions,
): Promise<number> {
  const { explain } = await import("../../lib/rules/explain.ts");
  if (!isIPv4(ip) && !isIPv6(ip)) {
    throw new Fatal(100, `${JSON.stringify(ip)} is no IP address`);
  }
  const peer: Peer = { ip: canonicalAddress(ip), host, info };
  const rules = await readText(path);
  let explanation;
  try {
    explanation = explain(rules, peer, await extendedIf(extended));
  } catch (error) {
    if (error instanceof RuleError) {
      throw new Fatal(100, `${nameOf(path)}: ${error.message}`, {
        cause: error,
      });
    }
    throw error instanceof CdbError ? unreadable(nameOf(path), error) : error;
  }
  if (format === "json") {
    const { explanationJson } = await import("../../lib/rules/json.ts");
    print(explanationJson(explanation));
  } else print(...explanationLines(nameOf(path), explanation));
  return 0;
}

/** Tells what is probably not meant; 1 if there is something. Throws Fatal. */
export async function lintFile(
  path: string,
  { extended, format, paranoid }: RulesOptions,
): Promise<number> {
  const { lint } = await import("../../lib/rules/lint.ts");
  const name = nameOf(path);
  const grammar = await extendedIf(extended);
  const findings = lint(
    await readText(path),
    grammar.extended?.expand,
    paranoid,
  );
  if (format === "json") {
    const { findingsJson } = await import("../../lib/rules/json.ts");
    print(findingsJson(name, findings));
  } else print(...findings.map((finding) => findingLine(name, finding)));
  return findings.length > 0 ? 1 : 0;
}
