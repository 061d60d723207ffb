/**
 * A Postfix of a benchmark's own: its queue, its port, its settings.
 *
 * @module
 */
import { peer, until } from "../../tests/support/peers.ts";
import { type Contestant, freePort, run } from "./contestant.ts";

/** It can be had on this machine. */
export function hasPostfix(): boolean {
  return peer("postfix") !== null && Deno.uid() === 0;
}

/**
 * It delivers to a Maildir, by virtual(8), and is counted by what it has
 * accepted; that is durable in its queue, and its deliveries go on meanwhile.
 *
 * @param home an empty folder
 * @param more settings of main.cf
 */
export async function postfix(
  home: string,
  more: Record<string, string> = {},
): Promise<Contestant> {
  const port = freePort();
  const nobody = Number(await run("id", ["-u", "nobody"]));
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
    ...more,
  };
  const lines = Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`);
  await Deno.writeTextFile(`${home}/etc/main.cf`, lines.join(""));
  const service = (name: string, type: string, rest: string) =>
    `${name} ${type} ${rest}\n`;
  await Deno.writeTextFile(
    `${home}/etc/master.cf`,
    [
      service(`127.0.0.1:${port}`, "inet", "n - n - - smtpd"),
      service("cleanup", "unix", "n - n - 0 cleanup"),
      service("qmgr", "unix", "n - n 300 1 qmgr"),
      service("tlsmgr", "unix", "- - n 1000? 1 tlsmgr"),
      service("rewrite", "unix", "- - n - - trivial-rewrite"),
      service("bounce", "unix", "- - n - 0 bounce"),
      service("defer", "unix", "- - n - 0 bounce"),
      service("trace", "unix", "- - n - 0 bounce"),
      service("proxymap", "unix", "- - n - - proxymap"),
      service("virtual", "unix", "- n n - - virtual"),
      service("smtp", "unix", "- - n - - smtp"),
      service("error", "unix", "- - n - - error"),
      service("discard", "unix", "- - n - - discard"),
      service("anvil", "unix", "- - n - 1 anvil"),
      service("scache", "unix", "- - n - 1 scache"),
    ].join(""),
  );
  await run("postfix", ["-c", `${home}/etc`, "check"]); // makes the queue
  const daemons = await run("postconf", ["-h", "daemon_directory"]);
  const isEmpty = (part: string) =>
    [...Deno.readDirSync(`${home}/queue/${part}`)].length === 0;
  return {
    name: "postfix",
    port,
    command: [`${daemons.trim()}/master`, "-c", `${home}/etc`],
    stop: "SIGTERM", // master passes it on
    settle: () =>
      until(
        "postfix to deliver",
        () => isEmpty("active") && isEmpty("incoming"),
        60,
      ),
  };
}
