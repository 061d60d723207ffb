/**
 * An init script that postern has printed, and what it is called with.
 *
 * @module
 */
import { assertEquals } from "./assert.ts";
import { inFolder, output, postern } from "./peers.ts";

/** A port of the loopback interface that nobody has at the moment. */
export function freePort(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return String(port);
}

export interface Script {
  /** The folder of the script; `run` in it is its run folder. */
  readonly folder: string;
  readonly path: string;
  call(verb: string): ReturnType<typeof output>;
  /** Its state file. */
  readonly state: string;
}

/** The smallest service. */
export const plain = (port: string): string[] => [
  ...["-v", "--grace", "1", "127.0.0.1", port, "smtpd"],
  ...["--deliver", "discard", "--me", "localhost"],
];

/**
 * Prints a sysv script of the name test-smtpd, and stops what it has started.
 *
 * @param edit changes its text
 * @param shell what runs it
 */
export async function withScript(
  serve: readonly string[],
  { edit = (text: string) => text, shell = ["/bin/sh"] }: {
    edit?: (text: string, folder: string) => string;
    shell?: readonly string[];
  },
  fn: (script: Script) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const made = await output(postern, [
      ...["init-script", "--name", "test-smtpd", "--run-dir", `${folder}/run`],
      ...serve,
    ]);
    assertEquals([made.code, made.stderr], [0, ""]);
    const path = `${folder}/init`;
    // Scripts of one name, in several tests at once, share nothing.
    const own = made.stdout
      .replace(/^subsys=.*$/m, `subsys=${folder}/subsys`);
    await Deno.writeTextFile(path, edit(own, folder));
    const [program, ...args] = [...shell, path];
    const call = (verb: string) => output(program, [...args, verb]);
    try {
      await fn({ folder, path, call, state: `${folder}/run/test-smtpd.state` });
    } finally {
      await call("stop");
    }
  });
}

/** Numbers of the processes of which /proc tells a command line. */
export function processesWith(...words: readonly string[]): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => name)
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const found = commandLineOf(pid);
      return words.every((word) => found.includes(word));
    }).map(Number);
}

function commandLineOf(pid: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
  } catch {
    return ""; // it has ended meanwhile
  }
}

/** When a process was started, as a state file has it. */
export function startTimeOf(pid: number): string {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** A process that a script must not end. */
export async function withBystander(
  fn: (pid: number) => Promise<void>,
): Promise<void> {
  const bystander = new Deno.Command("sleep", { args: ["60"] }).spawn();
  try {
    await fn(bystander.pid);
    Deno.kill(bystander.pid, "SIGCONT"); // throws if it is gone
  } finally {
    bystander.kill("SIGKILL");
    await bystander.status;
  }
}
