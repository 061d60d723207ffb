/**
 * What a rules text makes, in each grammar that takes it.
 *
 * @module
 */
import { compileInMemory } from "../rules/compile.ts";
import { RuleError } from "../rules/grammar.ts";

export interface Compiled {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it takes `--extended`. */
  readonly isExtended: boolean;
}

/** None if neither grammar takes it; the classic one comes first. */
export async function compiled(text: Uint8Array): Promise<Compiled[]> {
  const { ExtendedAddresses } = await import("../rules/extended.ts");
  return [false, true].flatMap((isExtended) => {
    const options = isExtended ? { extended: new ExtendedAddresses() } : {};
    try {
      return [{ bytes: compileInMemory(text, options), isExtended }];
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      return [];
    }
  });
}
