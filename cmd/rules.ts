/**
 * postern rules, tcprules and tcprulescheck: access rules from text to cdb,
 * and questions about them.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { act, syntax } from "./rules/syntax.ts";

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  // These two know no options, and look at no more than they need.
  if (calledAs === "tcprules") {
    const [cdb, temporary] = args;
    if (temporary === undefined) {
      throw new Fatal(100, "usage: tcprules rules.cdb rules.tmp");
    }
    const { compileInto } = await import("./rules/compile.ts");
    const making = { cdb, temporary, text: "-" };
    return await compileInto(making, { extended: false }, calledAs);
  }
  if (calledAs === "tcprulescheck") {
    const [cdb] = args;
    if (cdb === undefined) {
      throw new Fatal(100, "usage: tcprulescheck rules.cdb");
    }
    const { check } = await import("./rules/database.ts");
    return await check(cdb, calledAs);
  }
  return await act(args, calledAs);
}
