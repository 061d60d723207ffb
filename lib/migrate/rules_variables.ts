/**
 * What compiled access rules set.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";

/**
 * Whether rules set a variable, by the bytes of their cdb: there each stands
 * behind a `+`.
 */
export const rulesSet = (bytes: Uint8Array, name: string): boolean =>
  fromBytes(bytes).includes(`+${name}=`);
