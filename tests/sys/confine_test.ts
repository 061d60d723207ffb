/**
 * What a bound thread may not do, tried by a program that has bound itself.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { landlockVersion } from "../../lib/sys/landlock.ts";
import { inFolder, needing, output } from "../support/peers.ts";

const program = fileURLToPath(
  new URL("../support/bound_thread.ts", import.meta.url),
);
const EPERM = 1, EBADF = 9, EACCES = 13, ENOSYS = 38;

async function tried(folder: string, ...more: string[]) {
  for (const name of ["readable", "writable", "else"]) {
    await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/${name}/file`, "");
  }
  const args = ["run", "-A", "--no-check", program, folder, ...more];
  const { code, stdout, stderr } = await output(Deno.execPath(), args);
  assertEquals([code, stderr], [0, ""]);
  return Object.fromEntries(
    stdout.trim().split("\n").map((line) => {
      const [, name, error] = /^(.*) (\S+)$/.exec(line)!;
      return [name, Number(error)];
    }),
  );
}

const files = {
  "reads what it may": 0,
  "reads else": EACCES,
  "reads /etc/shadow": EACCES,
  "writes where it may": 0,
  "writes where it reads": EACCES,
  "writes else": EACCES,
};

const calls = {
  ...{ tcp: 0, udp: 0, unix: 0, addresses: 0 },
  ...{ audit: EPERM, raw: EPERM, packet: EPERM, ptrace: EPERM },
  ...{ process_vm_readv: EPERM, unshare: EPERM, setns: EPERM, mount: EPERM },
  ...{ chroot: EPERM, bpf: EPERM, perf_event_open: EPERM, keyctl: EPERM },
  ...{ io_uring_setup: EPERM, pidfd_getfd: EPERM, clone3: ENOSYS },
  ...{ setuid: EPERM, TIOCSTI: EPERM, "FIONREAD on nothing": EBADF },
};

const hasLandlock = landlockVersion() > 0;

Deno.test({
  ...needing({}, "neither files nor calls but those that were permitted"),
  ignore: !hasLandlock,
  fn: () =>
    inFolder(async (folder) => {
      assertEquals(await tried(folder), { ...files, ...calls });
    }),
});

for (const version of [1, 2, 3, 4, 5, 6]) {
  Deno.test({
    ...needing({}, `on a kernel with version ${version} of Landlock`),
    ignore: landlockVersion() < version,
    fn: () =>
      inFolder(async (folder) => {
        assertEquals(await tried(folder, `${version}`), { ...files, ...calls });
      }),
  });
}
