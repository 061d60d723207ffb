/**
 * Running another program with descriptors of our choice, and hearing how it
 * ended. posix_spawn shares the address space until exec (vfork semantics),
 * so the size of our heap does not matter.
 *
 * @module
 */
import { toBytes } from "../bytes.ts";
import { check, libc, SystemError } from "./libc.ts";

/** Room for glibc's opaque types (80, 336 and 128 bytes on x86_64). */
const fileActionsBytes = 128;
const attributesBytes = 512;
const signalSetBytes = 128;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const WNOHANG = 1;
const O_CLOEXEC = 0o2000000;

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
 * Starts a program with default signal dispositions and an empty mask.
 * Descriptors of ours that are close-on-exec (all of Deno's and of this
 * folder's are) do not reach it.
 *
 * @returns the process id
 * @throws SystemError when it cannot be executed
 */
export async function spawn(program: Program): Promise<number> {
  const c = libc();
  const actions = new Uint8Array(new ArrayBuffer(fileActionsBytes));
  c.posix_spawn_file_actions_init(actions);
  for (const [from, to] of program.descriptors) {
    c.posix_spawn_file_actions_adddup2(actions, from, to);
  }
  const strings = new StringBlock(program);
  const pid = new Int32Array(new ArrayBuffer(4));
  const error = await c.posix_spawn(
    new Uint8Array(pid.buffer),
    strings.path,
    actions,
    attributes(),
    strings.argv,
    strings.envp,
  );
  c.posix_spawn_file_actions_destroy(actions);
  strings.release(); // only now may the collector have what envp points to
  if (error !== 0) throw new SystemError(`run ${program.path}`, error);
  return pid[0];
}

let sharedAttributes: Uint8Array<ArrayBuffer> | undefined;

function attributes(): Uint8Array<ArrayBuffer> {
  if (sharedAttributes) return sharedAttributes;
  const c = libc();
  const bytes = new Uint8Array(new ArrayBuffer(attributesBytes));
  c.posix_spawnattr_init(bytes);
  const all = new Uint8Array(new ArrayBuffer(signalSetBytes)).fill(0xff);
  const none = new Uint8Array(new ArrayBuffer(signalSetBytes));
  c.posix_spawnattr_setsigdefault(bytes, all);
  c.posix_spawnattr_setsigmask(bytes, none);
  c.posix_spawnattr_setflags(
    bytes,
    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK,
  );
  return sharedAttributes = bytes;
}

/**
 * path, argv and envp of one spawn in one buffer of its own, which must stay
 * referenced until the nonblocking call has returned.
 */
class StringBlock {
  readonly path: Uint8Array<ArrayBuffer>;
  readonly argv: Uint8Array<ArrayBuffer>;
  readonly envp: Uint8Array<ArrayBuffer>;
  #block: Uint8Array<ArrayBuffer> | null;

  constructor(program: Program) {
    const { path, args, env } = program;
    const pointers = 8 * (args.length + 1 + env.length + 1);
    let size = pointers + path.length + 1;
    for (const text of args) size += text.length + 1;
    for (const text of env) size += text.length + 1;
    const block = new Uint8Array(new ArrayBuffer(size));
    const view = new DataView(block.buffer);
    const base = BigInt(
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(block)),
    );
    let slot = 0, at = pointers;
    const place = (text: string) => {
      block.set(toBytes(text), at);
      at += text.length + 1;
    };
    const list = (texts: readonly string[]) => {
      const start = slot;
      for (const text of texts) {
        view.setBigUint64(slot, base + BigInt(at), true);
        slot += 8;
        place(text);
      }
      slot += 8; // the closing null pointer
      return block.subarray(start, slot);
    };
    this.argv = list(args);
    this.envp = list(env);
    this.path = block.subarray(at);
    place(path);
    this.#block = block;
  }

  release(): void {
    this.#block = null;
  }
}

/** Raw wait statuses by process id, of children nobody asked about yet. */
const ended = new Map<number, number>();
const waiting = new Map<number, (status: number) => void>();
let reaping = false;
let holding: ReturnType<typeof setInterval> | undefined;
/** A signal listener alone does not keep the event loop; this does. */
const holdMs = 1000;

/** Begins to collect ended children; idempotent. */
export function reapChildren(): void {
  if (reaping) return;
  reaping = true;
  Deno.addSignalListener("SIGCHLD", reap);
}

function reap(): void {
  const status = new Int32Array(new ArrayBuffer(4));
  const bytes = new Uint8Array(status.buffer);
  for (;;) {
    const pid = libc().waitpid(-1, bytes, WNOHANG);
    if (pid <= 0) return;
    const tell = waiting.get(pid);
    if (tell) {
      waiting.delete(pid);
      if (waiting.size === 0) {
        clearInterval(holding);
        holding = undefined;
      }
      tell(status[0]);
    } else ended.set(pid, status[0]);
  }
}

/** The raw wait status of a child started by {@linkcode spawn}. */
export function waitFor(pid: number): Promise<number> {
  const status = ended.get(pid);
  if (status !== undefined) {
    ended.delete(pid);
    return Promise.resolve(status);
  }
  return new Promise((resolve) => {
    waiting.set(pid, resolve);
    holding ??= setInterval(reap, holdMs);
  });
}

/** A pipe, both ends close-on-exec. */
export function pipe(): { read: number; write: number } {
  const ends = new Int32Array(new ArrayBuffer(8));
  check("pipe", libc().pipe2(new Uint8Array(ends.buffer), O_CLOEXEC));
  return { read: ends[0], write: ends[1] };
}

/**
 * Writes all bytes on a helper thread.
 *
 * @returns false when the reader has gone (or the write failed otherwise)
 */
export async function writeAll(
  fd: number,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  while (bytes.length > 0) {
    const n = Number(
      await libc().writeAsync(fd, bytes, BigInt(bytes.length)),
    );
    if (n <= 0) return false;
    bytes = bytes.subarray(n);
  }
  return true;
}
