/**
 * Linux's numbers that several files of this folder use, by the names of its
 * headers. A number that one file uses alone stands in that file.
 *
 * @module
 */

export const AF_INET = 2;
export const AF_INET6 = 10;

export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;

export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

export const F_SETFD = 2;
export const F_SETFL = 4;

export const EINTR = 4;
export const EAGAIN = 11;

export const SIGCHLD = 17;

/** sigset_t, of which the kernel knows the first 64 bits. */
export const signalSetBytes = 128;
