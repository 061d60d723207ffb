/**
 * Messages stored durably, a connection each: postern's Maildir beside qmail's
 * queue (QMAIL_HOME names an installation with an empty one) and a Postfix
 * that delivers to a Maildir. As root. POSTERN_BEFORE names another postern to
 * race.
 *
 * All of them store in BENCH_DIR, by default the temporary folder. It should be
 * on a real file system that is used for nothing else: before it makes a file,
 * ext4 passes over each inode near by that was deleted in the last minutes,
 * which can cost more than all the rest.
 *
 * @module
 */
import { peer } from "../../tests/support/peers.ts";
import { type Contestant, executables, freePort, run } from "./contestant.ts";
import { messageRace } from "./messages.ts";
import { hasPostfix, postfix } from "./postfix.ts";
import type { Bench } from "./run.ts";

/**
 * A folder of a contestant's own, where the inodes deleted by the others, and
 * by the last run, are not: ext4 puts those in a folder with +T far from each
 * other, by a hash of their names.
 */
async function homeIn(folder: string): Promise<string> {
  const home = await Deno.makeTempDir({ dir: folder });
  await Deno.chmod(home, 0o755); // not all that use it are root
  return home;
}

function ours(name: string, path: string, home: string): Contestant {
  const port = freePort();
  return {
    name,
    port,
    command: [
      ...[path, "serve", "-q", "-c100", "-b100", "-RHl0"],
      ...["127.0.0.1", `${port}`],
      ...["smtpd", "--deliver", `maildir:${home}/Maildir`],
    ],
    env: { RELAYCLIENT: "" },
  };
}

/** Its queue lies over the installation's, for itself alone. */
async function qmail(
  installation: string,
  tcpserver: string,
  home: string,
): Promise<Contestant> {
  const port = freePort();
  await run("cp", ["-a", `${installation}/queue`, `${home}/queue`]);
  return {
    name: "tcpserver + qmail",
    port,
    command: [
      ...["unshare", "-m", "sh", "-c"],
      'mount --bind "$0/queue" "$1/queue" && shift && exec "$@"',
      ...[home, installation],
      ...[tcpserver, "-q", "-c100", "-b100", "-RHl0", "127.0.0.1", `${port}`],
      `${installation}/bin/qmail-smtpd`,
    ],
    env: { RELAYCLIENT: "" },
  };
}

async function contestants(folder: string): Promise<Contestant[]> {
  await run("chattr", ["+T", folder]).catch(() => {});
  const list: Contestant[] = [];
  for (const { name, path } of executables()) {
    list.push(ours(name, path, await homeIn(folder)));
  }
  const home = Deno.env.get("QMAIL_HOME");
  const tcpserver = peer("tcpserver");
  if (home && tcpserver) {
    list.push(await qmail(home, tcpserver, await homeIn(folder)));
  }
  if (hasPostfix()) list.push(await postfix(await homeIn(folder)));
  return list;
}

export const bench: Bench = async ([rounds = 5, messages = 4000]) => {
  await messageRace(contestants, rounds, messages, "stored durably");
  if (!Deno.env.get("QMAIL_HOME")) {
    console.log("left out: tcpserver + qmail (set QMAIL_HOME)");
  }
};
