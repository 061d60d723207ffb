/**
 * postern install-links: the classic names, as links to this executable.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { reason } from "../lib/base/reason.ts";
import { link, survey } from "../lib/install/links.ts";

const usage = `usage: postern install-links [--force] [--dry-run] DIR

Makes tcpserver, tcprules, tcprulescheck, qmail-smtpd and splogger in DIR
links to this executable. A file that is not ours is replaced only with
--force; if there is one, nothing is changed. --dry-run only tells.`;

export function run(args: string[], calledAs: string): Promise<number> {
  const flags = args.filter((arg) => arg.startsWith("-"));
  const folders = args.filter((arg) => !arg.startsWith("-"));
  if (flags.includes("--help")) {
    console.log(usage);
    return Promise.resolve(0);
  }
  const unknown = flags.find((flag) =>
    flag !== "--force" && flag !== "--dry-run"
  );
  if (unknown || folders.length !== 1) {
    const why = unknown ? `unknown option ${unknown}` : "wants one DIR";
    throw new Fatal(100, `${calledAs}: ${why}\n${usage}`);
  }
  const [folder] = folders;
  const dryRun = flags.includes("--dry-run");
  const executable = Deno.execPath();
  let links;
  try {
    if (!dryRun) Deno.mkdirSync(folder, { recursive: true });
    links = survey(folder, executable);
  } catch (error) {
    throw new Fatal(111, `${calledAs}: cannot use ${folder}: ${reason(error)}`);
  }
  const taken = links.filter(({ state }) => state === "taken");
  if (taken.length > 0 && !flags.includes("--force")) {
    const paths = taken.map(({ path }) => path).join(", ");
    throw new Fatal(
      100,
      `${calledAs}: not ours, so nothing was changed (--force replaces): ${paths}`,
    );
  }
  for (const { path } of links) {
    try {
      if (!dryRun) link(path, executable);
    } catch (error) {
      throw new Fatal(
        111,
        `${calledAs}: cannot link ${path}: ${reason(error)}`,
      );
    }
    console.log(`${dryRun ? "would link" : "linked"} ${path} -> ${executable}`);
  }
  return Promise.resolve(0);
}
