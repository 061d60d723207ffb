/**
 * postern's front door: looks at the name it was called by, loads the one
 * subcommand that is wanted, and is the only place that exits.
 *
 * @module
 */
import { Fatal, isFatal } from "./lib/base/fatal.ts";

const version = "0.1.0";

const usage = `usage: postern SUBCOMMAND [options]

  serve          accept TCP connections and hand each to a program (tcpserver)
  rules          compile, check and explain access rules (tcprules, tcprulescheck)
  smtpd          speak SMTP on descriptors 0 and 1 (qmail-smtpd)
  splogger       carry log lines to syslog (splogger)
  init-script    print an init script for a serve command line
  install-links  make the classic names links to this executable

postern SUBCOMMAND --help tells more. Called as tcpserver, tcprules,
tcprulescheck, qmail-smtpd or splogger it behaves as that program.
`;

type Run = (args: string[], calledAs: string) => Promise<number>;

/** Each import is a literal so that the compiler finds it, and loads late. */
const subcommands: Record<string, () => Promise<{ run: Run }>> = {
  "serve": () => import("./cmd/serve.ts"),
  "rules": () => import("./cmd/rules.ts"),
  "smtpd": () => import("./cmd/smtpd.ts"),
  "splogger": () => import("./cmd/splogger.ts"),
  "init-script": () => import("./cmd/init_script.ts"),
  "install-links": () => import("./cmd/install_links.ts"),
};

const classicNames: Record<string, string> = {
  "tcpserver": "serve",
  "tcprules": "rules",
  "tcprulescheck": "rules",
  "qmail-smtpd": "smtpd",
  "splogger": "splogger",
};

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

async function main(args: string[]): Promise<number> {
  const name = calledName();
  const classic = classicNames[name];
  if (classic) return (await subcommands[classic]()).run(args, name);

  const [first, ...rest] = args;
  if (first === "--version" || first === "-V") {
    console.log(
      `postern ${version} (deno ${Deno.version.deno}, v8 ${Deno.version.v8}, ${Deno.build.target})`,
    );
    return 0;
  }
  if (first === "--help" || first === "-h" || first === "help") {
    console.log(usage.trimEnd());
    return 0;
  }
  if (first !== undefined && Object.hasOwn(subcommands, first)) {
    return (await subcommands[first]()).run(rest, `postern ${first}`);
  }
  throw new Fatal(
    100,
    (first === undefined
      ? "postern: no subcommand\n"
      : `postern: unknown subcommand ${JSON.stringify(first)}\n`) +
      usage.trimEnd(),
  );
}

try {
  Deno.exit(await main(Deno.args));
} catch (error) {
  if (!isFatal(error)) throw error;
  console.error(error.message);
  Deno.exit(error.exitCode);
}
