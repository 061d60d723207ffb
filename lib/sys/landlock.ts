/**
 * Landlock (landlock(7)): which files a thread, and what it executes, may open
 * from now on, whoever they belong to.
 *
 * @module
 */
import { closeDescriptor } from "./descriptors.ts";
import { cString } from "./files.ts";
import { check, errno, libc, SystemError } from "./libc.ts";
import { O_CLOEXEC } from "./numbers.ts";

/** The same on every architecture. */
const callCreate = 444n, callAddRule = 445n, callRestrict = 446n;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
const LANDLOCK_RULE_PATH_BENEATH = 1;
const O_PATH = 0o10000000;
const rulesetBytes = 24;
const ruleBytes = 12;

/** Bits of LANDLOCK_ACCESS_FS_* (linux/landlock.h). */
const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const REMOVE_DIR = 1n << 4n;
const REMOVE_FILE = 1n << 5n;
const MAKE_DIR = 1n << 7n;
const MAKE_REG = 1n << 8n;
const MAKE_SOCK = 1n << 9n;
const MAKE_SYM = 1n << 12n;
const REFER = 1n << 13n;
const TRUNCATE = 1n << 14n;
const IOCTL_DEV = 1n << 15n;
/** Those that the first version has: all up to MAKE_SYM. */
const first = (MAKE_SYM << 1n) - 1n;
/** Those that make sense for what is no folder. */
const ofFiles = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
/** Versions that brought more. */
const later: readonly [version: number, bit: bigint][] = [
  [2, REFER],
  [3, TRUNCATE],
  [5, IOCTL_DEV],
];

/** LANDLOCK_SCOPE_*: abstract unix sockets and signals of others. */
const scopeVersion = 6;
const SCOPE_ABSTRACT_UNIX_SOCKET = 1n;
const SCOPE_SIGNAL = 2n;

/** What may be done with a file, or a folder and all that is beneath it. */
export type Use =
  | "read"
  | "execute"
  | "write"
  | "append"
  | "remove"
  | "socket"
  | "device";

const uses: Record<Use, bigint> = {
  read: READ_FILE | READ_DIR,
  execute: EXECUTE | READ_FILE | READ_DIR,
  write: READ_FILE | READ_DIR | WRITE_FILE | REMOVE_DIR | REMOVE_FILE |
    MAKE_DIR | MAKE_REG | REFER | TRUNCATE,
  append: WRITE_FILE | MAKE_REG,
  remove: REMOVE_FILE,
  socket: MAKE_SOCK | REMOVE_FILE,
  device: READ_FILE | WRITE_FILE,
};

export interface Permit {
  readonly path: string;
  readonly use: Use;
}

/** The kernel's version of it; 0 where it has none. */
export function landlockVersion(): number {
  const version = libc().landlock_create_ruleset(
    callCreate,
    null,
    0n,
    LANDLOCK_CREATE_RULESET_VERSION,
  );
  return Math.max(0, Number(version));
}

/**
 * From now on this thread opens what is permitted and nothing else; all that
 * it executes too. It has to have given up new privileges (or to be root).
 * What is open already stays open; a permitted path that is not there permits
 * nothing.
 *
 * @param keepsAbstract abstract unix sockets of others may be connected to
 * @param version of Landlock that is used
 * @throws SystemError where that cannot be had
 */
export function restrictFiles(
  permits: readonly Permit[],
  keepsAbstract: boolean,
  version = landlockVersion(),
): void {
  let handled = first;
  for (const [since, bit] of later) if (version >= since) handled |= bit;
  const attributes = new BigUint64Array(new ArrayBuffer(rulesetBytes));
  attributes[0] = handled;
  if (version >= scopeVersion) {
    attributes[2] = SCOPE_SIGNAL |
      (keepsAbstract ? 0n : SCOPE_ABSTRACT_UNIX_SOCKET);
  }
  const bytes = new Uint8Array(attributes.buffer);
  const ruleset = check(
    "landlock_create_ruleset",
    libc().landlock_create_ruleset(callCreate, bytes, BigInt(rulesetBytes), 0),
  );
  try {
    for (const { path, use } of permits) {
      permit(ruleset, path, uses[use] & handled);
    }
    check(
      "landlock_restrict_self",
      libc().landlock_restrict_self(callRestrict, ruleset, 0),
    );
  } finally {
    closeDescriptor(ruleset);
  }
}

const EINVAL = 22;

function permit(ruleset: number, path: string, access: bigint): void {
  const fd = libc().open(cString(path), O_PATH | O_CLOEXEC);
  if (fd < 0) return; // there is nothing that could be opened
  try {
    if (add(ruleset, fd, access) || add(ruleset, fd, access & ofFiles)) return;
    throw new SystemError("landlock_add_rule", EINVAL);
  } finally {
    closeDescriptor(fd);
  }
}

/** Whether it was added: a file takes no right that is a folder's. */
function add(ruleset: number, fd: number, access: bigint): boolean {
  const rule = new Uint8Array(new ArrayBuffer(ruleBytes));
  const view = new DataView(rule.buffer);
  view.setBigUint64(0, access, true);
  view.setInt32(8, fd, true);
  const result = libc().landlock_add_rule(
    callAddRule,
    ruleset,
    LANDLOCK_RULE_PATH_BENEATH,
    rule,
    0,
  );
  if (result === 0n) return true;
  const error = errno();
  if (error === EINVAL) return false;
  throw new SystemError("landlock_add_rule", error);
}
