/**
 * The extended grammar, for those who ask for it.
 *
 * @module
 */
import type { CompileOptions } from "../../lib/rules/compile.ts";

/** What the extended grammar needs, if it is wanted. */
export async function extendedIf(isWanted: boolean): Promise<CompileOptions> {
  if (!isWanted) return {};
  const { ExtendedAddresses } = await import("../../lib/rules/extended.ts");
  return { extended: new ExtendedAddresses() };
}
