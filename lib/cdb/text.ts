/**
 * The text form of a database, which cdbdump prints and cdbmake reads:
 * `+klen,dlen:key->data` for each record, and an empty line at the end.
 *
 * @module
 */
import type { CdbReader } from "./reader.ts";

/** cdbdump's output, piece by piece. */
export function* dump(cdb: CdbReader): Generator<Uint8Array> {
  const ascii = new TextEncoder();
  const arrow = ascii.encode("->"), newline = ascii.encode("\n");
  for (const [key, data] of cdb.entries()) {
    yield ascii.encode(`+${key.length},${data.length}:`);
    yield key;
    yield arrow;
    yield data;
    yield newline;
  }
  yield newline;
}
