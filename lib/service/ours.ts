/**
 * What a part is once it lies somewhere, and whether what lies there is ours.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import type { Lying } from "./lying.ts";
import type { Item } from "./record.ts";
import { marker, type Part } from "./service.ts";

/** A file that belongs to who runs this. */
export const newFile = (bytes: Uint8Array, mode: number) => ({
  kind: "file" as const,
  bytes,
  mode,
  uid: Deno.uid() ?? 0,
  gid: Deno.gid() ?? 0,
});

/** What lies there once a part was put. */
export function lyingOf(part: Extract<Part, { kind: "file" | "link" }>): Lying {
  if (part.kind === "link") return { kind: "link", to: part.to };
  return newFile(new TextEncoder().encode(part.text), part.mode);
}

/** Whether what lies there is of our making, or is as if it were. */
export function isOurs(
  there: Lying | null,
  put: Lying,
  known: Item | undefined,
): boolean {
  if (there === null || says(there) === says(put)) return true;
  if (known && (known.kind === "file" || known.kind === "link")) {
    if (says(there) === says(known.put)) return true;
  }
  return there.kind === "file" && fromBytes(there.bytes).includes(marker);
}

/** What counts of it: an administrator may have changed mode and owner. */
function says(lying: Lying): string {
  if (lying.kind === "file") return `file ${fromBytes(lying.bytes)}`;
  return lying.kind === "link" ? `link ${lying.to}` : lying.kind;
}

/** Owners are not looked at: a file may have been given to somebody. */
export function isSame(one: Lying | null, other: Lying | null): boolean {
  if (one === null || other === null) return one === other;
  const modeOf = (lying: Lying) => lying.kind === "file" ? lying.mode : null;
  return says(one) === says(other) && modeOf(one) === modeOf(other);
}
