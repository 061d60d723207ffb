/**
 * The services of runit, daemontools and s6, installed and looked after by
 * their own programs.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { OwnMachine } from "../support/own_machine.ts";
import { needing, until } from "../support/peers.ts";
import { freePort } from "../support/relays.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { init, isRefused, kinds, name } from "../support/supervising.ts";

const places = [
  ...["/etc/sv", "/etc/service/", "/var/lib/postern"],
  ...[`/run/${name}.pid`, "/run/runit", "/run/service"],
];

async function deliver(port: number): Promise<void> {
  const client = await SmtpClient.connect(port);
  for (
    const [line, code] of [
      [null, "220"],
      ["HELO client.example", "250"],
      ["MAIL FROM:<a@client.example>", "250"],
      ["RCPT TO:<b@localhost>", "250"],
      ["DATA", "354"],
      ["Subject: one\r\n\r\ntext\r\n.", "250"],
      ["QUIT", "221"],
    ] as const
  ) {
    const reply = line === null ? await client.reply() : await client.ask(line);
    assertEquals(reply.slice(0, 3), code, `${line}: ${reply}`);
  }
  client.close();
}

for (const kind of kinds) {
  const needs = { peers: kind.peers, root: true };

  Deno.test(
    needing(needs, `${kind.name}: installed, up, ready, logged, down, gone`),
    () =>
      OwnMachine.with(async (machine) => {
        // No such user is this machine's everywhere.
        await machine.sh(
          `id ${kind.logUser} || useradd --system ${kind.logUser}`,
        );
        await machine.sh("mkdir -p /etc/service /etc/sv");
        const port = freePort();
        const greet = (text: string) =>
          machine.sh(
            `mkdir -p /etc/test-gate && echo ${text} >/etc/test-gate/smtpgreeting`,
          );
        await greet("one");
        if (kind.isTold) machine.start(...kind.watching);
        const listing = async () =>
          (await machine.listing(...places))
            .filter((line) => !line.includes("/.s6-svscan"));
        const before = await listing();
        const serve = [
          ...["-vRHl0", "--grace", "2", "127.0.0.1", String(port), "smtpd"],
          ...["--me", "localhost", "--maildir", "/var/spool/test-gate/Maildir"],
          ...["--create-mailboxes", "--control", "/etc/test-gate"],
        ];
        await machine.sh("mkdir -p /var/spool/test-gate");
        const put = await machine.run(...init(kind, "--install", ...serve));
        assertEquals([put.code, put.stderr], [0, ""]);

        if (!kind.isTold) machine.start(...kind.watching);
        await until(
          "it is ready",
          async () => (await machine.sh(kind.ready)).code === 0,
        );
        const pidNow = async () => (await machine.sh(kind.pid)).stdout.trim();
        const first = await pidNow();
        assertMatch(first, /^\d+$/);
        await until("it listens", async () => !await isRefused(port));
        await deliver(port);

        const logged = (pattern: RegExp) =>
          until(
            `${pattern} in the log`,
            async () => pattern.test(await machine.text(kind.log)),
          );
        await logged(/ tcpserver: status: 0\/40$/m);
        await logged(/message\.stored .*to=b@localhost/);
        const { stdout: owner } = await machine.run(
          ...["stat", "-c", "%U", `/var/log/${name}`, kind.log],
        );
        assertEquals(owner, `${kind.logUser}\n${kind.logUser}\n`);

        await greet("two");
        assertEquals((await machine.sh(kind.reload)).code, 0);
        await until("the greeting is another", async () => {
          const client = await SmtpClient.connect(port);
          const said = await client.reply();
          client.close();
          return said === "220 two ESMTP\r\n";
        });
        await greet("one");
        assertEquals(await pidNow(), first, "HUP starts nothing anew");

        await machine.sh(kind.restart);
        await until("another one", async () => {
          const pid = await pidNow();
          return /^[1-9]\d*$/.test(pid) && pid !== first;
        });
        await until("it is ready again", async () =>
          (await machine.sh(kind.ready)).code === 0);
        await until("it listens again", async () =>
          !await isRefused(port));
        await deliver(port);

        const running = await machine.run(...init(kind, "--uninstall"));
        assertEquals(running.code, 100);
        assertMatch(running.stderr, /is running: stop it first/);

        assertEquals((await machine.sh(kind.down)).code, 0);
        assert(await isRefused(port), "nothing listens");
        const gone = await machine.run(...init(kind, "--uninstall"));
        assertEquals([gone.code, gone.stderr], [0, ""]);
        await until("nobody looks after it", async () => {
          const { stdout } = await machine.sh("cat /proc/[0-9]*/cmdline");
          return !stdout.includes(name);
        });
        assertEquals(await listing(), before);
      }),
  );
}
