/**
 * What may be looked at for a translation, and never run.
 *
 * @module
 */

export interface Machine {
  /** Text of a small, plain file; null if it cannot be read. */
  read(path: string): string | null;
  /** Names of the files in a folder; null if it cannot be read. */
  list(folder: string): readonly string[] | null;
  /** Bytes of a file; null if it cannot be read. */
  bytes(path: string): Uint8Array<ArrayBuffer> | null;
  hostName(): string;
}

/** A row of passwd(5). */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account of a name on this machine; null if it has none. */
export function accountOf(machine: Machine, name: string): Account | null {
  const row = machine.read("/etc/passwd")?.split("\n")
    .find((each) => each.startsWith(`${name}:`))?.split(":");
  return row === undefined
    ? null
    : { uid: Number(row[2]), gid: Number(row[3]) };
}

/** The home of a name on this machine; null if it has none. */
export const homeOf = (machine: Machine, name: string): string | null =>
  machine.read("/etc/passwd")?.split("\n")
    .find((each) => each.startsWith(`${name}:`))?.split(":")[5] || null;

/** As qmail's INSTALL.ids and vpopmail's make them. */
const groups: Readonly<Record<string, string>> = {
  alias: "nofiles",
  qmaild: "nofiles",
  qmaill: "nofiles",
  qmailp: "nofiles",
  qmailq: "qmail",
  qmailr: "qmail",
  qmails: "qmail",
  vpopmail: "vchkpw",
};

/** The group that an account of mail programs mostly has; null for others. */
export const usualGroup = (name: string): string | null => groups[name] ?? null;
