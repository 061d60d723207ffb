/**
 * postern init-script: what starts and stops a serve command line, for those
 * who look after services.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { absolutePath } from "../lib/base/path.ts";
import {
  readArguments,
  type Syntax,
  wrongUsage,
} from "../lib/cli/command_line.ts";
import { complain, print } from "../lib/cli/output.ts";
import { type Scanned, UsageError } from "../lib/cli/scan.ts";
import { valuesOf } from "../lib/cli/values.ts";
import { detect, type Detected } from "../lib/service/detection.ts";
import { machineAt } from "../lib/service/machine.ts";
import type { Service, Supervisor } from "../lib/service/service.ts";
import { supervisors } from "../lib/service/supervisors.ts";
import { sysv } from "../lib/service/sysv.ts";
import { groups, options } from "./init_script/options.ts";
import { printed } from "./init_script/printed.ts";
import {
  NothingToRun,
  ownIn,
  remarkOn,
  serviceFrom,
} from "./init_script/service.ts";
import { syntax as serveSyntax } from "./serve_options.ts";
import { withoutServe } from "./without_serve.ts";

const syntax: Syntax = {
  synopsis: [
    "[options] [SERVE-OPTIONS] HOST PORT PROGRAM [ARG...]",
    "[options] --config FILE",
    "--detect",
    "--uninstall [--name NAME]",
  ],
  description: [
    "Prints what runs `postern serve` with all that is not one of these " +
    "options, and looks after its log; or puts it where it belongs. The " +
    "script starts in /: paths are taken from the folder it was printed in.",
  ],
  groups,
  passesOn: serveSyntax.groups,
};

export const describe = () => syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  try {
    const found = readArguments(syntax, args, calledAs);
    if (found === null) return 0;
    const rest = withoutServe(args, found.operands);
    if (rest !== null) return await run(rest, calledAs);
    return await act(args, found, calledAs);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if (error instanceof NothingToRun) {
      const usages = syntax.synopsis.slice(0, 2)
        .map((line) => `usage: ${calledAs} ${line}`);
      const lines = [...usages, `${error.message}; see ${calledAs} --help`];
      throw new Fatal(100, lines.join("\n"));
    }
    throw wrongUsage(calledAs, error.getopt ?? error.message);
  }
}

async function act(
  args: readonly string[],
  found: Scanned,
  calledAs: string,
): Promise<number> {
  const said = valuesOf(options, ownIn(found));
  const root = rootOf(said.root);
  refuseContradictions(said);
  const machine = machineAt(root);
  const isLine = found.operands.length > 0 ||
    found.given.some(({ long }) => long === "config");
  if (said.uninstall) {
    const { uninstall } = await import("./init_script/installing.ts");
    return uninstall({ ...said, root });
  }
  if (said.detect && !isLine && !said.install) {
    const { supervisor, because } = detected(root);
    print(`${supervisor.name}: ${because}`);
    return 0;
  }
  const supervisor = said.supervisor ??
    (said.detect || said.install ? detectedAloud(root, calledAs) : sysv);
  leaveVariables(calledAs);
  const service = await serviceFrom(namedBy(said), args, found, calledAs);
  refuseProblems(supervisor, service);
  const remark = remarkOn(service);
  if (remark !== null) complain(`${calledAs}: warning: ${remark}`);
  const parts = supervisor.parts(service, machine);
  if (!said.install) {
    print(printed(parts));
    return 0;
  }
  const { install } = await import("./init_script/installing.ts");
  return install(supervisor, service, parts, { ...said, root });
}

/** What a shell has set is not set at boot. */
function leaveVariables(calledAs: string): void {
  const telling = ["QMAILHOME", "QMAILQUEUE", "RCPTCHECK", "RELAYCLIENT"];
  for (const name of [...telling, "DATABYTES", "TMPDIR"]) {
    if (Deno.env.get(name) === undefined) continue;
    Deno.env.delete(name);
    if (name === "TMPDIR") continue; // everybody has it, and it is a detail
    complain(
      `${calledAs}: warning: $${name} is set here, and will not be at boot`,
    );
  }
}

type Said = ReturnType<typeof valuesOf<typeof options>>;

/** "" for this machine. */
const rootOf = (root: string | null) =>
  root === null
    ? ""
    : absolutePath(root, Deno.cwd()).replace(/\/+(?:\.\/*)*$/, "");

function refuseContradictions(
  { supervisor, detect, install, uninstall, dryRun, root }: Said,
): void {
  if (supervisor !== null && detect) {
    throw new UsageError("--for and --detect exclude each other");
  }
  if (install && uninstall) {
    throw new UsageError("--install and --uninstall exclude each other");
  }
  if (dryRun && !install && !uninstall) {
    throw new UsageError("--dry-run goes with --install or --uninstall");
  }
  if (root !== null && !install && !uninstall && !detect) {
    throw new UsageError("--root goes with --install or --uninstall");
  }
}

const namedBy = (
  { name, description, executable, runFolder, logTag, logFacility }: Said,
) => ({
  name,
  description,
  executable: executable === null
    ? Deno.execPath()
    : absolutePath(executable, Deno.cwd()),
  runFolder: absolutePath(runFolder, Deno.cwd()),
  logTag: logTag ?? name,
  logFacility,
});

/** @throws Fatal */
function detected(root: string): Detected {
  const found = detect(supervisors, machineAt(root));
  if (found !== null) return found;
  const names = supervisors.map(({ name }) => name).join(", ");
  throw new Fatal(
    100,
    `nobody who is known looks after services on this machine: ` +
      `say --for, and one of ${names}`,
  );
}

function detectedAloud(root: string, calledAs: string): Supervisor {
  const { supervisor, because } = detected(root);
  complain(`${calledAs}: for ${supervisor.name}: ${because}`);
  return supervisor;
}

/** @throws Fatal */
function refuseProblems(supervisor: Supervisor, service: Service): void {
  const problems = supervisor.problems(service);
  if (problems.length > 0) throw new Fatal(100, problems.join("\n"));
}
