/**
 * What the classic programs say for a system error: djb's own short texts
 * (error_str in his libraries), and the system's where he has none.
 *
 * @module
 */

const reasons: Record<string, string> = {
  EINTR: "interrupted system call",
  ENOMEM: "out of memory",
  ENOENT: "file does not exist",
  ETXTBSY: "text busy",
  EIO: "input/output error",
  EEXIST: "file already exists",
  ETIMEDOUT: "timed out",
  EINPROGRESS: "operation in progress",
  EAGAIN: "temporary failure",
  EWOULDBLOCK: "input/output would block",
  EPIPE: "broken pipe",
  EPERM: "permission denied",
  EACCES: "access denied",
  ENXIO: "device not configured",
  EPROTO: "protocol error",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  ENODEV: "device does not exist",
  EXDEV: "cross-device rename",
  EBADF: "file descriptor not open",
  ENFILE: "system file table is full",
  EMFILE: "process file table is full",
  ENOSPC: "out of disk space",
  EDQUOT: "disk quota exceeded",
  EROFS: "read-only file system",
  ENAMETOOLONG: "file name too long",
  ELOOP: "symbolic link loop",
  EINVAL: "invalid argument",
  EFBIG: "file too large",
  ENOEXEC: "exec format error",
  E2BIG: "argument list too long",
  EADDRINUSE: "address already used",
  EADDRNOTAVAIL: "address not available",
  EAFNOSUPPORT: "address family not supported",
  ENETUNREACH: "network unreachable",
  EHOSTUNREACH: "host unreachable",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  ENOBUFS: "out of buffer space",
  ENOTEMPTY: "directory not empty",
};

/** What a system error is called (`ENOENT`); undefined if it is none. */
export function codeOf(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as {
    code?: unknown;
    message?: unknown;
  };
  if (typeof code === "string") return code;
  const number = /\(os error (\d+)\)/.exec(String(message))?.[1];
  return number === undefined ? undefined : codesByNumber[number];
}

/** For these the runtime gives a number alone, in the message. */
const codesByNumber: Record<string, string> = { 27: "EFBIG", 122: "EDQUOT" };

/**
 * The text for a caught error: by its `code` where the runtime gives one,
 * else the error's own message without Deno's `(os error N)` and path tail.
 */
export function reason(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined && reasons[code]) return reasons[code];
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\).*$/s, "").toLowerCase();
}
