/**
 * postern init-script: a script that starts and stops a serve command line.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { sysvScript } from "../lib/service/sysv.ts";
import { parse as parseServe } from "./serve_options.ts";

const usage =
  `usage: postern init-script [options] SERVE-OPTIONS HOST PORT PROGRAM [ARG...]

Prints an init script that runs \`postern serve\` with everything from
SERVE-OPTIONS on, and its log through \`postern splogger\`.

  --for sysv             the kind of script (the only one so far)
  --name NAME            of the service (smtpd)
  --description TEXT     a line about it
  --exec PATH            postern's path (this executable's)
  --run-dir DIR          where pid files go (/run)
  --log-tag TAG          for syslog (the name)
  --log-facility N       for syslog (3, daemon)`;

const defaults = {
  "--for": "sysv",
  "--name": "smtpd",
  "--description": "postern, the gate in front of the mail server",
  "--exec": "",
  "--run-dir": "/run",
  "--log-tag": "",
  "--log-facility": "3",
};

/** After serve's own grace (10 seconds) a little more. */
const stopMarginSeconds = 5;

export function run(args: string[], calledAs: string): Promise<number> {
  const wrong = (why: string) =>
    new Fatal(100, `${calledAs}: ${why}\n${usage}`);
  const options = { ...defaults };
  let at = 0;
  for (; at < args.length; at++) {
    const [name, attached] = args[at].split(/=(.*)/s);
    if (name === "--help") {
      console.log(usage);
      return Promise.resolve(0);
    }
    if (!Object.hasOwn(options, name)) break;
    const value = attached ?? args[++at];
    if (value === undefined) throw wrong(`${name} wants a value`);
    options[name as keyof typeof options] = value;
  }
  const serveArgs = args.slice(at);
  const name = options["--name"];
  if (options["--for"] !== "sysv") {
    throw wrong(`--for knows sysv, not ${options["--for"]}`);
  }
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) {
    throw wrong(`--name wants letters, digits, ".", "_" and "-", not ${name}`);
  }
  if (!/^[ -~]*$/.test(options["--description"])) {
    throw wrong("--description wants one line");
  }
  // A wrong command line is told now, not at the next boot.
  const serve = parseServe(serveArgs, "postern serve");
  if (serve === null) return Promise.resolve(0);
  if (serve.pidfile !== null) {
    throw wrong(
      "--pidfile is the script's own; choose its folder by --run-dir",
    );
  }
  console.log(
    sysvScript({
      name,
      description: options["--description"],
      executable: options["--exec"] || Deno.execPath(),
      runFolder: options["--run-dir"],
      logTag: options["--log-tag"] || name,
      logFacility: options["--log-facility"],
      serveArgs,
      stopSeconds: serve.graceSeconds + stopMarginSeconds,
    }).trimEnd(),
  );
  return Promise.resolve(0);
}
