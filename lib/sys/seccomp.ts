/**
 * System calls that a gate without programs never makes (seccomp(2)): refused
 * with EPERM to this thread and to all that it executes.
 *
 * A list of what is refused, not of what is allowed: the runtime's next version
 * may use calls that this one does not.
 *
 * @module
 */
import { type FilterProgram, withProgram } from "./filter.ts";
import { check, libc } from "./libc.ts";
import { AF_INET, AF_INET6, SOCK_STREAM } from "./numbers.ts";

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2n;
const SECCOMP_RET_KILL_PROCESS = 0x8000_0000;
const SECCOMP_RET_ERRNO = 0x0005_0000;
const SECCOMP_RET_ALLOW = 0x7fff_0000;
const EPERM = 1, ENOSYS = 38;

/** Where struct seccomp_data has what; the low half of each argument. */
const callOffset = 0, archOffset = 4;
const argumentOffset = (i: number) => 16 + 8 * i;

/** Of x86_64: calls of its 32-bit kin have this bit. */
const x32Bit = 0x4000_0000;

const AF_UNIX = 1, AF_NETLINK = 16;
const SOCK_DGRAM = 2;
const typeMask = 0xf;
/** Typing into somebody's terminal (ioctl_tty(2)). */
const TIOCSTI = 0x5412, TIOCLINUX = 0x541c;
/** All CLONE_NEW* that clone(2) knows. */
const newNamespaces = 0x7e02_0000;

interface Architecture {
  /** AUDIT_ARCH_* (linux/audit.h). */
  readonly id: number;
  readonly socket: number;
  readonly clone: number;
  readonly ioctl: number;
  readonly refused: readonly number[];
  /** setuid(2) and its kin, and the same for groups. */
  readonly ids: readonly number[];
}

/** The same on both: calls since 424 have one number everywhere. */
const clone3 = 435;
const newer = [
  ...[425, 426, 427], // io_uring_setup, _enter, _register
  ...[428, 429, 430, 431, 432, 433], // open_tree to fspick: new mounts
  438, // pidfd_getfd
  442, // mount_setattr
  443, // quotactl_fd
  467, // open_tree_attr
];

const architectures: Record<string, Architecture> = {
  x86_64: {
    id: 0xc000_003e,
    socket: 41,
    clone: 56,
    ioctl: 16,
    refused: [
      ...[101, 310, 311, 312], // ptrace, process_vm_readv, _writev, kcmp
      ...[103, 135], // syslog, personality
      ...[133, 259], // mknod, mknodat
      ...[134, 136, 139, 153, 154], // uselib, ustat, sysfs, vhangup, modify_ldt
      ...[155, 161, 165, 166], // pivot_root, chroot, mount, umount2
      ...[159, 164, 227, 305], // adjtimex, settimeofday, clock_settime, _adjtime
      ...[163, 167, 168, 169, 179], // acct, swapon, swapoff, reboot, quotactl
      ...[170, 171, 172, 173], // sethostname, setdomainname, iopl, ioperm
      ...[175, 176, 313], // init_module, delete_module, finit_module
      ...[246, 320], // kexec_load, kexec_file_load
      ...[248, 249, 250], // add_key, request_key, keyctl
      ...[256, 279], // migrate_pages, move_pages
      ...[272, 308], // unshare, setns
      ...[298, 300, 321, 323], // perf_event_open, fanotify_init, bpf, userfaultfd
      ...[303, 304], // name_to_handle_at, open_by_handle_at
      322, // execveat
      ...newer,
    ],
    ids: [105, 106, 113, 114, 116, 117, 119, 122, 123],
  },
  aarch64: {
    id: 0xc000_00b7,
    socket: 198,
    clone: 220,
    ioctl: 29,
    refused: [
      ...[117, 270, 271, 272],
      ...[116, 92],
      33,
      58,
      ...[41, 51, 40, 39],
      ...[171, 170, 112, 266],
      ...[89, 224, 225, 142, 60],
      ...[161, 162],
      ...[105, 106, 273],
      ...[104, 294],
      ...[217, 218, 219],
      ...[238, 239],
      ...[97, 268],
      ...[241, 262, 280, 282],
      ...[264, 265],
      281,
      ...newer,
    ],
    ids: [143, 144, 145, 146, 147, 149, 151, 152, 159],
  },
};

type Row = FilterProgram[number];

const load = (offset: number): Row => [0x20, 0, 0, offset];
const and = (mask: number): Row => [0x54, 0, 0, mask];
/** If it is equal, goes on with the next row; else skips so many. */
const unless = (value: number, skip: number): Row => [0x15, 0, skip, value];
const ifEqual = (value: number, skip: number): Row => [0x15, skip, 0, value];
const give = (action: number): Row => [0x06, 0, 0, action];
const refuse = give(SECCOMP_RET_ERRNO | EPERM);
const allow = give(SECCOMP_RET_ALLOW);

/**
 * The program for an architecture as Deno names it; null for one that is not
 * known.
 *
 * @param keepsIds its ids may be changed still
 */
export function callFilter(
  arch: string,
  keepsIds: boolean,
): FilterProgram | null {
  const known = architectures[arch];
  if (known === undefined) return null;
  const refused = [...known.refused, ...keepsIds ? [] : known.ids];
  return [
    load(archOffset),
    ifEqual(known.id, 1),
    give(SECCOMP_RET_KILL_PROCESS),
    load(callOffset),
    [0x35, 0, 1, x32Bit], // greater or equal
    refuse,
    ...refused.flatMap((call) => [unless(call, 1), refuse]),
    // glibc tries clone then, whose flags can be looked at.
    ...[unless(clone3, 1), give(SECCOMP_RET_ERRNO | ENOSYS)],
    ...only(known.clone, [
      load(argumentOffset(0)),
      [0x45, 0, 1, newNamespaces], // any of these bits
      refuse,
    ]),
    ...only(known.ioctl, [
      load(argumentOffset(1)),
      ...[unless(TIOCSTI, 1), refuse],
      ...[unless(TIOCLINUX, 1), refuse],
    ]),
    ...only(known.socket, sockets),
    allow,
  ];
}

/** Rows for one call, behind which all is allowed. */
function only(call: number, rows: readonly Row[]): Row[] {
  return [unless(call, rows.length + 1), ...rows, allow];
}

/**
 * TCP, UDP and unix sockets; of netlink what tells the addresses of this
 * machine, by which a client that names one of them is known.
 */
const sockets: readonly Row[] = [
  load(argumentOffset(0)),
  unless(AF_NETLINK, 3),
  load(argumentOffset(2)),
  ...[ifEqual(0, 10), refuse], // NETLINK_ROUTE
  ifEqual(AF_UNIX, 8),
  ifEqual(AF_INET, 2),
  ifEqual(AF_INET6, 1),
  refuse,
  load(argumentOffset(1)),
  and(typeMask),
  ...[ifEqual(SOCK_STREAM, 2), ifEqual(SOCK_DGRAM, 1), refuse],
];

/**
 * Refuses them to this thread, and to what it executes. It has to have given up
 * new privileges.
 *
 * @throws SystemError, or Error for an architecture that is not known
 */
export function refuseCalls(keepsIds: boolean): void {
  const program = callFilter(Deno.build.arch, keepsIds);
  if (program === null) throw new Error("not known for this machine");
  withProgram(program, (header) => {
    const address = Deno.UnsafePointer.value(Deno.UnsafePointer.of(header));
    check(
      "prctl",
      libc().prctl(
        PR_SET_SECCOMP,
        SECCOMP_MODE_FILTER,
        BigInt(address),
        0n,
        0n,
      ),
    );
  });
}
