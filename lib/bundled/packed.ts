/**
 * Texts that the build puts into the executable: packed, as a string in a
 * module of its own, so that a start that does not want them reads little.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** What JSON can hold, as a text that a module can hold. */
export function pack(value: unknown): string {
  return deflateRawSync(Buffer.from(JSON.stringify(value)), { level: 9 })
    .toString("base64");
}

/** The other way. */
export function unpack<T>(packed: string): T {
  const bytes = inflateRawSync(Buffer.from(packed, "base64"));
  return JSON.parse(bytes.toString());
}
