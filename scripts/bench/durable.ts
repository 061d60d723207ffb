/**
 * Messages stored durably, a connection each: postern's Maildir beside qmail's
 * queue (QMAIL_HOME names an installation with an empty one) and a Postfix
 * that delivers to a Maildir. As root.
 *
 * All of them store in BENCH_DIR, by default the temporary folder. It should be
 * on a real file system that is used for nothing else: before it makes a file,
 * ext4 passes over each inode near by that was deleted in the last minutes,
 * which can cost more than all the rest. Postfix is counted by what it has
 * accepted, which is durable in its queue; its deliveries go on meanwhile.
 *
 * @module
 */
import { peer, postern, until } from "../../tests/support/peers.ts";
import { type Contestant, race } from "./race.ts";
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

async function ours(port: number, folder: string): Promise<Contestant> {
  const maildir = `${await homeIn(folder)}/Maildir`;
  return {
    name: "postern",
    port,
    command: [
      ...[postern, "serve", "-q", "-c100", "-b100", "-RHl0"],
      ...["127.0.0.1", `${port}`, "smtpd", "--deliver", `maildir:${maildir}`],
    ],
    env: { RELAYCLIENT: "" },
  };
}

/** Its queue lies over the installation's, for itself alone. */
async function qmail(
  home: string,
  tcpserver: string,
  port: number,
  folder: string,
): Promise<Contestant> {
  const own = await homeIn(folder);
  await run("cp", ["-a", `${home}/queue`, `${own}/queue`]);
  return {
    name: "tcpserver + qmail",
    port,
    command: [
      ...["unshare", "-m", "sh", "-c"],
      'mount --bind "$0/queue" "$1/queue" && shift && exec "$@"',
      ...[own, home],
      ...[tcpserver, "-q", "-c100", "-b100", "-RHl0", "127.0.0.1", `${port}`],
      `${home}/bin/qmail-smtpd`,
    ],
    env: { RELAYCLIENT: "" },
  };
}

/** An instance of its own: its queue, its port, virtual(8) for delivery. */
async function postfix(
  program: string,
  port: number,
  folder: string,
): Promise<Contestant> {
  const home = await homeIn(folder);
  const { stdout } = await run("id", ["-u", "nobody"]);
  const nobody = Number(stdout);
  for (const part of ["etc", "queue", "data", "mail"]) {
    await Deno.mkdir(`${home}/${part}`, { recursive: true });
  }
  await Deno.chown(`${home}/mail`, nobody, null);
  await run("chown", ["postfix", `${home}/data`]);
  const settings = {
    compatibility_level: "3.6",
    queue_directory: `${home}/queue`,
    data_directory: `${home}/data`,
    myhostname: "bench.example",
    mydestination: "",
    alias_maps: "",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    mynetworks: "127.0.0.0/8",
    default_process_limit: "100",
    smtpd_client_connection_count_limit: "0",
    virtual_mailbox_domains: "foreign.example",
    virtual_mailbox_base: `${home}/mail`,
    virtual_mailbox_maps: "static:Maildir/",
    virtual_uid_maps: `static:${nobody}`,
    virtual_gid_maps: `static:${nobody}`,
    virtual_minimum_uid: "1",
    virtual_mailbox_limit: "0",
  };
  await Deno.writeTextFile(
    `${home}/etc/main.cf`,
    Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`)
      .join(""),
  );
  const service = (name: string, type: string, rest: string) =>
    `${name} ${type} ${rest}\n`;
  await Deno.writeTextFile(
    `${home}/etc/master.cf`,
    [
      service(`127.0.0.1:${port}`, "inet", "n - n - - smtpd"),
      service("cleanup", "unix", "n - n - 0 cleanup"),
      service("qmgr", "unix", "n - n 300 1 qmgr"),
      service("rewrite", "unix", "- - n - - trivial-rewrite"),
      service("bounce", "unix", "- - n - 0 bounce"),
      service("defer", "unix", "- - n - 0 bounce"),
      service("trace", "unix", "- - n - 0 bounce"),
      service("proxymap", "unix", "- - n - - proxymap"),
      service("virtual", "unix", "- n n - - virtual"),
      service("error", "unix", "- - n - - error"),
      service("anvil", "unix", "- - n - 1 anvil"),
      service("scache", "unix", "- - n - 1 scache"),
    ].join(""),
  );
  await run(program, ["-c", `${home}/etc`, "check"]); // makes the queue
  const daemons = (await run("postconf", ["-h", "daemon_directory"])).stdout;
  const active = `${home}/queue/active`;
  const isEmpty = (path: string) => [...Deno.readDirSync(path)].length === 0;
  return {
    name: "postfix",
    port,
    command: [`${daemons.trim()}/master`, "-c", `${home}/etc`],
    stop: "SIGTERM", // master passes it on
    settle: () =>
      until(
        "postfix to deliver",
        () => isEmpty(active) && isEmpty(`${home}/queue/incoming`),
        60,
      ),
  };
}

async function run(program: string, args: string[]) {
  const found = peer(program) ?? program;
  const { success, stdout, stderr } = await new Deno.Command(found, { args })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program} failed: ${text(stderr)}`);
  return { stdout: text(stdout) };
}

async function contestants(
  freePort: () => number,
  folder: string,
): Promise<Contestant[]> {
  await run("chattr", ["+T", folder]).catch(() => {});
  const list = [await ours(freePort(), folder)];
  const home = Deno.env.get("QMAIL_HOME");
  const tcpserver = peer("tcpserver");
  if (home && tcpserver) {
    list.push(await qmail(home, tcpserver, freePort(), folder));
  }
  const program = peer("postfix");
  if (program && Deno.uid() === 0) {
    list.push(await postfix(program, freePort(), folder));
  }
  return list;
}

export const bench: Bench = async ([rounds = 5, messages = 4000]) => {
  await race(contestants, rounds, messages, "stored durably");
  if (!Deno.env.get("QMAIL_HOME")) {
    console.log("left out: tcpserver + qmail (set QMAIL_HOME)");
  }
};
