/**
 * A program that binds itself as a confined gate does, and tries what it may
 * not do any more. Each line that it prints is a name and an error number, or 0.
 *
 *     bound_thread.ts FOLDER VERSION
 *
 * @module
 */
import { bindThread } from "../../lib/sys/confine.ts";
import { restrictFiles } from "../../lib/sys/landlock.ts";
import { refuseCalls } from "../../lib/sys/seccomp.ts";

const [folder, version] = Deno.args;
const isArm = Deno.build.arch === "aarch64";
const { symbols: { syscall, open, __errno_location } } = Deno.dlopen(
  "libc.so.6",
  {
    __errno_location: { parameters: [], result: "pointer" },
    syscall: {
      parameters: ["i64", "i64", "i64", "i64", "i64", "i64"],
      result: "i64",
    },
    open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  },
);
const errno = new Deno.UnsafePointerView(__errno_location()!);
errno.getInt32();

const AF_UNIX = 1n, AF_INET = 2n, AF_NETLINK = 16n, AF_PACKET = 17n;
const STREAM = 1n, DGRAM = 2n, RAW = 3n;
const NETLINK_ROUTE = 0n, NETLINK_AUDIT = 9n;
const TIOCSTI = 0x5412n, FIONREAD = 0x541bn;
const newUser = 0x1000_0000n;
const number = (x86: number, arm: number) => BigInt(isArm ? arm : x86);
const socket = number(41, 198), ioctl = number(16, 29);

const calls: readonly (readonly [string, bigint, ...bigint[]])[] = [
  ["tcp", socket, AF_INET, STREAM, 0n],
  ["udp", socket, AF_INET, DGRAM, 0n],
  ["unix", socket, AF_UNIX, DGRAM, 0n],
  ["addresses", socket, AF_NETLINK, RAW, NETLINK_ROUTE],
  ["audit", socket, AF_NETLINK, RAW, NETLINK_AUDIT],
  ["raw", socket, AF_INET, RAW, 1n],
  ["packet", socket, AF_PACKET, RAW, 0n],
  ["ptrace", number(101, 117), 0n],
  ["process_vm_readv", number(310, 270), BigInt(Deno.pid)],
  ["unshare", number(272, 97), newUser],
  ["setns", number(308, 268), -1n, 0n],
  ["mount", number(165, 40), 0n, 0n],
  ["chroot", number(161, 51), 0n],
  ["bpf", number(321, 280), 0n],
  ["perf_event_open", number(298, 241), 0n],
  ["keyctl", number(250, 219), 0n],
  ["io_uring_setup", 425n, 1n],
  ["pidfd_getfd", 438n, -1n],
  ["clone3", 435n, 0n, 0n],
  ["setuid", number(105, 146), 0n],
  ["TIOCSTI", ioctl, 0n, TIOCSTI],
  ["FIONREAD on nothing", ioctl, -1n, FIONREAD],
];

function say(name: string, result: bigint | number): void {
  const error = result < 0 ? errno.getInt32() : 0;
  console.log(`${name} ${error}`);
}

const O_RDONLY = 0, O_CREAT_WRONLY = 0o101;
const files = [
  ["reads what it may", `${folder}/readable/file`, O_RDONLY],
  ["reads else", `${folder}/else/file`, O_RDONLY],
  ["reads /etc/shadow", "/etc/shadow", O_RDONLY],
  ["writes where it may", `${folder}/writable/new`, O_CREAT_WRONLY],
  ["writes where it reads", `${folder}/readable/new`, O_CREAT_WRONLY],
  ["writes else", `${folder}/else/new`, O_CREAT_WRONLY],
] as const;

const permits = [
  { path: `${folder}/readable`, use: "read" },
  { path: `${folder}/writable`, use: "write" },
  { path: `${folder}/readable/file`, use: "write" }, // a file has fewer rights
  { path: `${folder}/missing`, use: "read" },
] as const;
const given = version === undefined ? permits : null;
const missing = bindThread({ kept: 0n, permits: given, keepsAbstract: false });
if (given === null) {
  restrictFiles(permits, false, Number(version));
  refuseCalls(false);
}
for (const each of missing) console.log(`missing ${each}`);
for (const [name, path, flags] of files) {
  say(name, open(new TextEncoder().encode(`${path}\0`), flags, 0o600));
}
for (const [name, call, ...rest] of calls) {
  const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n] = rest;
  say(name, syscall(call, a, b, c, d, e));
}
