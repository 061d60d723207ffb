/**
 * Running another program with descriptors of our choice. posix_spawn shares the address space until exec (vfork semantics),
 * so the size of our heap does not matter.
 *
 * @module
 */
import { closeInherited } from "./inherited.ts";
import { libc, SystemError } from "./libc.ts";
import { SIGCHLD, signalSetBytes } from "./numbers.ts";
import { ourPath } from "./ourselves.ts";
import { isIgnored, SIG_DFL, SIGHUP, SIGINT, SIGQUIT } from "./signals.ts";

/** Room for glibc's opaque types (80, 336 and 128 bytes on x86_64). */
const fileActionsBytes = 128;
const attributesBytes = 512;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
/** What shells ignore in the background, and nohup(1): not for themselves. */
const inheritedWhenIgnored = [SIGHUP, SIGINT, SIGQUIT];

export interface Program {
  /** Path of the executable; already looked up. */
  readonly path: string;
  /** argv, the name first; byte strings. */
  readonly args: readonly string[];
  /** NAME=VALUE entries; byte strings. */
  readonly env: readonly string[];
  /** Pairs: descriptor of ours, number in the child. */
  readonly descriptors: readonly (readonly [from: number, to: number])[];
}

/**
 * Starts a program with default signal dispositions and an empty mask. Only
 * what whoever started us ignores for all its descendants stays ignored.
 * Descriptors of ours that are close-on-exec (all of Deno's and of this
 * folder's are) do not reach it.
 *
 * The call blocks until the child has executed: some 0.3 ms, less than handing
 * it to a helper thread and back costs both cores.
 *
 * @returns the process id, which is to be waited for (children.ts)
 * @throws SystemError when it cannot be executed
 */
export function spawn(program: Program): number {
  if (onlyOurs && program.path !== ourPath()) throw new ConfinedError();
  const actions = fileActions(program.descriptors);
  try {
    const { pid, path, argv, envp } = fill(program);
    const error = libc().posix_spawn(
      pid,
      path,
      actions.bytes,
      attributes(),
      argv,
      envp,
    );
    if (error !== 0) throw new SystemError(`run ${program.path}`, error);
    return memory!.view.getInt32(0, true);
  } finally {
    if (!actions.kept) {
      libc().posix_spawn_file_actions_destroy(actions.bytes);
    }
  }
}

let onlyOurs = false;

/** From now on no program but our own is started. */
export function spawnOnlyOurs(): void {
  onlyOurs = true;
}

/** That only programs of our own are; it says what to do. */
export class ConfinedError extends Error {
  override readonly name = "ConfinedError";

  constructor() {
    super(
      "this gate was confined when nothing named a program: " +
        "start it anew, or with --no-confine",
    );
  }
}

interface FileActions {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kept: boolean;
}

/**
 * File actions are only read by posix_spawn, and descriptor numbers come again
 * and again: each set is made once.
 */
const knownActions = new Map<string, FileActions>();
const knownActionsLimit = 1024;

function fileActions(descriptors: Program["descriptors"]): FileActions {
  let name = "";
  for (const [from, to] of descriptors) name += `${from}>${to} `;
  const known = knownActions.get(name);
  if (known) return known;
  const bytes = new Uint8Array(new ArrayBuffer(fileActionsBytes));
  libc().posix_spawn_file_actions_init(bytes);
  for (const [from, to] of descriptors) {
    libc().posix_spawn_file_actions_adddup2(bytes, from, to);
  }
  const actions = { bytes, kept: knownActions.size < knownActionsLimit };
  if (actions.kept) knownActions.set(name, actions);
  return actions;
}

let handedOn: readonly number[] | null = null;

/**
 * Of what whoever started us had open, programs get no more than these
 * descriptors; to be said before the first is started, which is when the others
 * are closed: a process that starts none has no time to lose.
 */
export function handOnOnly(descriptors: readonly number[]): void {
  handedOn = descriptors;
}

let sharedAttributes: Uint8Array<ArrayBuffer> | undefined;

function attributes(): Uint8Array<ArrayBuffer> {
  if (sharedAttributes) return sharedAttributes;
  if (handedOn !== null) closeInherited(handedOn);
  keepStatuses();
  const c = libc();
  const bytes = new Uint8Array(new ArrayBuffer(attributesBytes));
  c.posix_spawnattr_init(bytes);
  const most = new Uint8Array(new ArrayBuffer(signalSetBytes)).fill(0xff);
  for (const signal of inheritedWhenIgnored.filter(isIgnored)) {
    most[signal - 1 >> 3] &= ~(1 << (signal - 1 & 7));
  }
  const none = new Uint8Array(new ArrayBuffer(signalSetBytes));
  c.posix_spawnattr_setsigdefault(bytes, most);
  c.posix_spawnattr_setsigmask(bytes, none);
  c.posix_spawnattr_setflags(
    bytes,
    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK,
  );
  return sharedAttributes = bytes;
}

/**
 * Whoever ignores SIGCHLD hands that on to us, and of a child of a process that
 * ignores it nobody hears how it ended (waitpid(2)).
 */
function keepStatuses(): void {
  if (isIgnored(SIGCHLD)) libc().signal(SIGCHLD, SIG_DFL);
}

/**
 * What a spawn points to: the pid it writes, then path, argv, envp and their
 * strings. In one buffer of its own, since the collector may move a small one.
 */
interface Memory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  /** Where the first byte is, below 2^53 as all of a process's memory is. */
  readonly address: number;
}

const pidBytes = 8;
const pointerBytes = 8;
const usualBytes = 16384;
let memory: Memory | undefined;

/** Room for so many bytes, used again by each spawn. */
function room(size: number): Memory {
  if (memory && memory.bytes.length >= size) return memory;
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(size, usualBytes)));
  return memory = {
    bytes,
    view: new DataView(bytes.buffer),
    address: Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes))),
  };
}

/**
 * What the exec family of calls takes. It is there until the next fill.
 *
 * @returns the first four bytes are room for a pid
 */
export function fill({ path, args, env }: Omit<Program, "descriptors">) {
  const pointers = args.length + 1 + env.length + 1;
  let size = pidBytes + pointers * pointerBytes + path.length + 1;
  for (const text of args) size += text.length + 1;
  for (const text of env) size += text.length + 1;
  const { bytes, view, address } = room(size);
  let slot = pidBytes;
  let at = pidBytes + pointers * pointerBytes;
  const place = (text: string) => {
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    bytes[at++] = 0;
  };
  const list = (texts: readonly string[]) => {
    const start = slot;
    for (const text of texts) {
      const pointer = address + at;
      view.setUint32(slot, pointer % 2 ** 32, true);
      view.setUint32(slot + 4, pointer / 2 ** 32, true);
      slot += pointerBytes;
      place(text);
    }
    view.setBigUint64(slot, 0n, true);
    slot += pointerBytes;
    return bytes.subarray(start, slot);
  };
  const argv = list(args), envp = list(env);
  const pathAt = at;
  place(path);
  return { pid: bytes, argv, envp, path: bytes.subarray(pathAt, at) };
}
