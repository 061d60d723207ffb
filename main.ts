/**
 * postern's front door: looks at the name it was called by, loads the one
 * subcommand that is wanted, and is the only place that exits.
 *
 * @module
 */
import { type Command, commands } from "./cmd/commands.ts";
import { Fatal, isFatal } from "./lib/base/fatal.ts";
import { version } from "./lib/base/version.ts";
import { complain, print } from "./lib/cli/output.ts";
import { socketAt } from "./lib/sys/standard_descriptors.ts";

/** argv[0]'s last component: Deno hides it, the kernel does not. */
function calledName(): string {
  try {
    const commandLine = Deno.readTextFileSync("/proc/self/cmdline");
    const argv0 = commandLine.slice(0, commandLine.indexOf("\0"));
    return argv0.slice(argv0.lastIndexOf("/") + 1);
  } catch {
    return "postern"; // no /proc: the classic names cannot be told
  }
}

/** Whose name is in front of what goes wrong. */
let speaker = "postern";

async function run(
  command: Command,
  args: string[],
  calledAs: string,
): Promise<number> {
  speaker = command.speaksAs ?? calledAs;
  await spareClient(command.servesClient ?? false);
  return (await command.load()).run(args, calledAs);
}

/** inetd makes stderr the client's connection, where only SMTP belongs. */
async function spareClient(serves: boolean): Promise<void> {
  if (socketAt(2) === null) return;
  const { keepStderrFromClient } = await import(
    "./lib/log/stderr_to_syslog.ts"
  );
  keepStderrFromClient(serves);
}

async function main(args: string[]): Promise<number> {
  const name = calledName();
  const classic = commands.find(({ classicNames }) =>
    classicNames.includes(name)
  );
  if (classic) return await run(classic, args, name);
  const [first, ...rest] = args;
  if (first === "--version" || first === "-V") {
    const { deno, v8 } = Deno.version;
    print(`postern ${version} (deno ${deno}, v8 ${v8}, ${Deno.build.target})`);
    return 0;
  }
  if (first === "help" && rest.length > 0 && !rest[0].startsWith("-")) {
    await spareClient(true);
    return await (await import("./cmd/help.ts")).help(rest[0]);
  }
  const [wanted, ...given] = first === "help" ? ["--help"] : args;
  const command = commands.find((each) => each.name === wanted);
  if (command) return await run(command, given, `postern ${command.name}`);
  await spareClient(true);
  const { unknown, usage } = await import("./cmd/usage.ts");
  if (wanted === "--help" || wanted === "-h") {
    print(usage());
    return 0;
  }
  if (wanted !== undefined) throw new Fatal(100, unknown(wanted));
  complain(usage());
  return 100;
}

/** What makes this process a helper of another one (lib/helper/role.ts). */
const role = Deno.env.get("POSTERN_HELPER");

try {
  if (role !== undefined) await (await import("./cmd/helper.ts")).run(role);
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (!isFatal(error)) throw error;
  complain(error.lines(speaker));
  Deno.exit(error.exitCode);
}
