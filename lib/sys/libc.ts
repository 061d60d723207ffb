/**
 * The libc functions that Deno has no API for. Opened on first use, because
 * most subcommands never need them.
 *
 * @module
 */

const symbols = {
  __errno_location: { parameters: [], result: "pointer" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  accept4: {
    parameters: ["i32", "buffer", "buffer", "i32"],
    result: "i32",
  },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_poll: {
    name: "epoll_wait",
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
  },
  epoll_wait: {
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  access: { parameters: ["buffer", "i32"], result: "i32" },
  openMode: {
    name: "open",
    parameters: ["buffer", "i32", "u32"],
    result: "i32",
  },
  statx: {
    parameters: ["i32", "buffer", "i32", "u32", "buffer"],
    result: "i32",
  },
  statfs: { parameters: ["buffer", "buffer"], result: "i32" },
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  openat2: {
    name: "syscall",
    parameters: ["i64", "i32", "buffer", "buffer", "usize"],
    result: "i64",
  },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  renameat: {
    parameters: ["i32", "buffer", "i32", "buffer"],
    result: "i32",
  },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  fchown: { parameters: ["i32", "u32", "u32"], result: "i32" },
  setfsuid: { parameters: ["u32"], result: "i32" },
  setfsgid: { parameters: ["u32"], result: "i32" },
  sendfile: {
    parameters: ["i32", "i32", "buffer", "usize"],
    result: "isize",
  },
  sendfileAsync: {
    name: "sendfile",
    parameters: ["i32", "i32", "buffer", "usize"],
    result: "isize",
    nonblocking: true,
  },
  fsyncAsync: {
    name: "fsync",
    parameters: ["i32"],
    result: "i32",
    nonblocking: true,
  },
  io_setup: {
    name: "syscall",
    parameters: ["i64", "i64", "buffer"],
    result: "i64",
  },
  io_submit: {
    name: "syscall",
    parameters: ["i64", "u64", "i64", "buffer"],
    result: "i64",
  },
  io_getevents: {
    name: "syscall",
    parameters: ["i64", "u64", "i64", "i64", "buffer", "pointer"],
    result: "i64",
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  pidfd_open: {
    name: "syscall",
    parameters: ["i64", "i32", "u32"],
    result: "i64",
  },
  landlock_create_ruleset: {
    name: "syscall",
    parameters: ["i64", "buffer", "usize", "u32"],
    result: "i64",
  },
  landlock_add_rule: {
    name: "syscall",
    parameters: ["i64", "i32", "i32", "buffer", "u32"],
    result: "i64",
  },
  landlock_restrict_self: {
    name: "syscall",
    parameters: ["i64", "i32", "u32"],
    result: "i64",
  },
  /** Of the calling thread alone, where libc's setfsuid is too. */
  setfsid: { name: "syscall", parameters: ["i64", "u32"], result: "i64" },
  setThreadGroups: {
    name: "syscall",
    parameters: ["i64", "u64", "buffer"],
    result: "i64",
  },
  getgroups: { parameters: ["i32", "buffer"], result: "i32" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  writeAsync: {
    name: "write",
    parameters: ["i32", "buffer", "usize"],
    result: "isize",
    nonblocking: true,
  },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  pipe2: { parameters: ["buffer", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  posix_spawn: {
    parameters: [
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
      "buffer",
    ],
    result: "i32",
  },
  posix_spawn_file_actions_init: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_destroy: { parameters: ["buffer"], result: "i32" },
  posix_spawn_file_actions_adddup2: {
    parameters: ["buffer", "i32", "i32"],
    result: "i32",
  },
  posix_spawnattr_init: { parameters: ["buffer"], result: "i32" },
  posix_spawnattr_setflags: { parameters: ["buffer", "i16"], result: "i32" },
  posix_spawnattr_setsigdefault: {
    parameters: ["buffer", "buffer"],
    result: "i32",
  },
  posix_spawnattr_setsigmask: {
    parameters: ["buffer", "buffer"],
    result: "i32",
  },
  signal: { parameters: ["i32", "usize"], result: "pointer" },
  sigaction: { parameters: ["i32", "pointer", "buffer"], result: "i32" },
  pthread_sigmask: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  execv: { parameters: ["buffer", "buffer"], result: "i32" },
  kill: { parameters: ["i32", "i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  if_indextoname: { parameters: ["u32", "buffer"], result: "pointer" },
  tzset: { parameters: [], result: "void" },
  localtime_r: { parameters: ["buffer", "buffer"], result: "pointer" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setpriority: { parameters: ["i32", "u32", "i32"], result: "i32" },
  setitimer: { parameters: ["i32", "buffer", "pointer"], result: "i32" },
  setgroups: { parameters: ["usize", "buffer"], result: "i32" },
  setgid: { parameters: ["u32"], result: "i32" },
  setuid: { parameters: ["u32"], result: "i32" },
  prctl: {
    parameters: ["i32", "u64", "u64", "u64", "u64"],
    result: "i32",
  },
  capget: { parameters: ["buffer", "buffer"], result: "i32" },
  capset: { parameters: ["buffer", "buffer"], result: "i32" },
} as const;

type Symbols = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: Symbols | undefined;
let errnoView: Deno.UnsafePointerView | undefined;

/**
 * libc's functions. The library stays open until the process ends. Each is
 * looked up at its first use: the runtime makes code for it, which takes 0.1 ms,
 * and a process uses few of them.
 */
export function libc(): Symbols {
  if (opened) return opened;
  opened = Object.create(null) as Symbols;
  for (const name of Object.keys(symbols)) {
    const get = () => {
      const value = lookedUp(name as keyof typeof symbols);
      Object.defineProperty(opened, name, { value });
      return value;
    };
    Object.defineProperty(opened, name, { get, configurable: true });
  }
  errnoView = new Deno.UnsafePointerView(opened.__errno_location()!);
  errnoView.getInt32(); // nothing is left to be set up at the first error
  return opened;
}

function lookedUp<N extends keyof typeof symbols>(name: N) {
  const one = { [name]: symbols[name] } as Pick<typeof symbols, N>;
  return Deno.dlopen("libc.so.6", one).symbols[name];
}

/**
 * errno of the last **synchronous** call on this thread, to be read at once:
 * the runtime makes calls of its own. A nonblocking call runs on another
 * thread, whose errno cannot be seen from here.
 */
export function errno(): number {
  return errnoView!.getInt32();
}

const names: Record<number, string> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  5: "EIO",
  7: "E2BIG",
  8: "ENOEXEC",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  23: "ENFILE",
  24: "EMFILE",
  26: "ETXTBSY",
  27: "EFBIG",
  28: "ENOSPC",
  30: "EROFS",
  32: "EPIPE",
  36: "ENAMETOOLONG",
  40: "ELOOP",
  64: "ENONET",
  71: "EPROTO",
  88: "ENOTSOCK",
  91: "EPROTOTYPE",
  92: "ENOPROTOOPT",
  38: "ENOSYS",
  95: "EOPNOTSUPP",
  97: "EAFNOSUPPORT",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  100: "ENETDOWN",
  101: "ENETUNREACH",
  103: "ECONNABORTED",
  104: "ECONNRESET",
  105: "ENOBUFS",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  112: "EHOSTDOWN",
  113: "EHOSTUNREACH",
  122: "EDQUOT",
};

/** A failed system call, with the `code` that `lib/base/reason.ts` understands. */
export class SystemError extends Error {
  override readonly name = "SystemError";
  readonly code: string;

  constructor(call: string, errorNumber: number) {
    const code = names[errorNumber] ?? `errno ${errorNumber}`;
    super(`${call}: ${code}`);
    this.code = code;
  }
}

/** Passes a result through, or throws what errno says when it is negative. */
export function check(call: string, result: number | bigint): number {
  if (result < 0) throw new SystemError(call, errno());
  return Number(result);
}
