/**
 * A machine of a test's own that systemd has started, as process 1 of its
 * namespaces, with this machine's files; see boot_systemd.sh.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { inFolder, needing, output, until } from "./peers.ts";

const script = fileURLToPath(new URL("boot_systemd.sh", import.meta.url));
const systemd = "/lib/systemd/systemd";

/** Where cgroup v2 is, alone or beside v1; null: no group can be made there. */
function groupFolder(): string | null {
  for (const folder of ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]) {
    try {
      Deno.statSync(`${folder}/cgroup.procs`);
      Deno.statSync(`${folder}/cgroup.controllers`);
      const probe = `${folder}/postern-probe-${Deno.pid}`;
      Deno.mkdirSync(probe);
      Deno.removeSync(probe);
      return folder;
    } catch {
      // Not here, or not to be written to, as in a container.
    }
  }
  return null;
}

function whyNot(): string | null {
  if (Deno.uid() !== 0) return "root";
  try {
    Deno.statSync(systemd);
  } catch {
    return systemd;
  }
  return groupFolder() === null ? "cgroups that may be made" : null;
}

/** A test's name, and whether it can be; as `needing` in peers.ts. */
export function needingBoot(
  name: string,
  more: readonly string[] = [],
): Omit<Deno.TestDefinition, "fn"> {
  const peers = [
    "systemctl",
    "unshare",
    "nsenter",
    "ip",
    "journalctl",
    ...more,
  ];
  const why = whyNot();
  if (why === null) return needing({ root: true, peers }, name);
  const definition = needing({}, `${name} (skipped: no ${why})`);
  return { ...definition, ignore: true };
}

/** @param fn is called when all that starts at boot has started */
export async function withBooted(
  fn: (booted: Booted) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const group = `${groupFolder()}/postern-test-${crypto.randomUUID()}`;
    await Deno.mkdir(group);
    const log = `${folder}/boot.log`;
    const child = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        'exec "$0" "$1" "$2" >"$3" 2>&1',
        script,
        folder,
        group,
        log,
      ],
      stdin: "null",
    }).spawn();
    let first = 0;
    try {
      await until("systemd is process 1", async () => {
        first = await childOf(child.pid);
        return first !== 0 && await nameOf(first) === "systemd";
      }).catch(async (error) => {
        throw new Error(`${error}: ${await Deno.readTextFile(log)}`);
      });
      const booted = new Booted(first);
      await until("it has booted", async () => {
        const { stdout } = await booted.run("systemctl", "is-system-running");
        return /^(running|degraded)\n/.test(stdout);
      });
      await fn(booted);
    } finally {
      // With process 1 all others end.
      if (first !== 0) Deno.kill(first, "SIGKILL");
      else child.kill("SIGKILL");
      await child.status;
      await until("its groups are empty", () => removeGroups(group));
    }
  });
}

async function childOf(pid: number): Promise<number> {
  const path = `/proc/${pid}/task/${pid}/children`;
  return Number((await Deno.readTextFile(path)).trim().split(" ")[0]);
}

const nameOf = async (pid: number) =>
  (await Deno.readTextFile(`/proc/${pid}/comm`)).trim();

/** From the leaves on; whether all are gone. */
async function removeGroups(folder: string): Promise<boolean> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await removeGroups(`${folder}/${name}`);
  }
  const { code } = await output("rmdir", [folder]);
  return code === 0;
}

export class Booted {
  constructor(readonly first: number) {}

  /** Writes a file in there. */
  async write(path: string, text: string, mode = "644"): Promise<void> {
    const code = 'umask 077; mkdir -p -m 755 "${0%/*}" && ' +
      'printf %s "$2" >"$0" && chmod "$1" "$0"';
    await this.ask("sh", "-c", code, path, mode, text);
  }

  /** Runs a program in there, as root. */
  run(program: string, ...args: string[]): ReturnType<typeof output> {
    return output("nsenter", [
      ...["--target", `${this.first}`, "--mount", "--uts", "--ipc", "--net"],
      ...["--pid", "--cgroup", "--root", "--wd"],
      ...["timeout", "60", program, ...args],
    ], { env: { SYSTEMD_PAGER: "", SYSTEMD_COLORS: "0" } });
  }

  /** What it says on stdout. Throws Error where its exit code is not 0. */
  async ask(program: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, ...args);
    if (code === 0) return stdout;
    const journal = await this.run("journalctl", "--lines", "40");
    throw new Error(
      `${program} ${
        args.join(" ")
      }: ${code}\n${stdout}${stderr}${journal.stdout}`,
    );
  }

  /** A property of a unit (`systemctl show`). */
  async property(unit: string, name: string): Promise<string> {
    const args = ["show", "--value", "--property", name, unit];
    return (await this.ask("systemctl", ...args)).trim();
  }

  /** What the journal has of a unit. */
  journal(unit: string): Promise<string> {
    return this.ask("journalctl", "--unit", unit, "--output", "cat");
  }
}
