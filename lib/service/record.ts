/**
 * What was installed for a service, and what lay there before: a file for each
 * service, by which it can be replaced and taken away.
 *
 * @module
 */
import { fromBytes, toBytes } from "../base/bytes.ts";
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import type { Lying } from "./lying.ts";

/** A thing that was put somewhere. */
export type Item =
  | {
    readonly kind: "file" | "link";
    readonly path: string;
    readonly put: Lying;
    readonly before: Lying | null;
  }
  /** It was not there before. */
  | { readonly kind: "folder"; readonly path: string }
  | {
    readonly kind: "line";
    readonly path: string;
    readonly text: string;
    /** What its file had at its end: "" or a newline; null: no file. */
    readonly end: string | null;
  };

export interface Record {
  readonly name: string;
  readonly supervisor: string;
  readonly items: readonly Item[];
  /** Of the Supervisor, as they were then. */
  readonly settle: readonly (readonly string[])[];
  readonly asking: readonly string[] | null;
  /** What a person types to stop it; older records have none. */
  readonly stopping?: string | null;
}

/**
 * Where records are, in a machine's root. Nothing else is: the folder is taken
 * away with the last of them, whoever has made it.
 */
export const recordsFolder = "/var/lib/postern/services";

export const recordPath = (name: string): string =>
  `${recordsFolder}/${name}.json`;

const textKey = "base64";

export function recordText(record: Record): string {
  const text = JSON.stringify(
    record,
    (_key, value) =>
      value instanceof Uint8Array
        ? { [textKey]: btoa(fromBytes(value)) }
        : value,
    2,
  );
  return `${text}\n`;
}

/**
 * @returns null if there is none
 * @throws Fatal
 */
export function readRecord(root: string, name: string): Record | null {
  const path = root + recordPath(name);
  try {
    const record = JSON.parse(
      Deno.readTextFileSync(path),
      (_key, value) =>
        typeof value?.[textKey] === "string"
          ? toBytes(atob(value[textKey]))
          : value,
    );
    if (isRecord(record)) return record;
    throw new Error("it is no such record");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Fatal(
        111,
        `unable to read ${path}: ${reason(error)}; be root, whose it is`,
      );
    }
    throw new Fatal(
      111,
      `unable to read ${path}, which says what was installed: ` +
        `${reason(error)}; bring it back from a backup, or remove it and, ` +
        "by hand, what was installed",
    );
  }
}

const isRecord = (value: Partial<Record> | null): boolean =>
  typeof value?.supervisor === "string" && Array.isArray(value.items) &&
  Array.isArray(value.settle);

/** Those of all services. Throws Fatal. */
export function readRecords(root: string): Record[] {
  let names: string[];
  try {
    names = [...Deno.readDirSync(root + recordsFolder)].map(({ name }) => name);
  } catch {
    return []; // nothing was ever installed
  }
  return names.filter((name) => /^[^.].*\.json$/.test(name))
    .map((name) => readRecord(root, name.replace(/\.json$/, "")))
    .filter((record) => record !== null);
}
