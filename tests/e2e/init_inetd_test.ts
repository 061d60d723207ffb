/**
 * The lines and files for inetd and xinetd, installed, and read by the real
 * ones: a client hears SMTP and nothing else, whatever goes wrong.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { OwnMachine } from "../support/own_machine.ts";
import { needing, peer, postern, until } from "../support/peers.ts";
import { freePort } from "../support/relays.ts";

const user = "nobody", mail = "/var/spool/test-inetd";

interface Kind {
  readonly name: string;
  /** Whose `--for` it is. */
  readonly for: "inetd" | "xinetd";
  readonly args: readonly string[];
  /** Where options stand. */
  configOf(service: string): string;
}

const kinds: readonly Kind[] = [{
  name: "inetd",
  for: "inetd",
  args: ["-i", "/etc/inetd.conf"],
  configOf: () => "/etc/inetd.conf",
}, {
  name: "inetutils-inetd",
  for: "inetd",
  args: ["-d", "/etc/inetd.conf"],
  configOf: () => "/etc/inetd.conf",
}, {
  name: "xinetd",
  for: "xinetd",
  args: ["-dontfork", "-pidfile", "/run/xinetd.pid"],
  configOf: (service) => `/etc/xinetd.d/${service}`,
}];

/** Says all at once, and listens to the end. */
async function converse(hostname: string, port: number, recipient: string) {
  const conn = await Deno.connect({ hostname, port });
  const lines = [
    ...["EHLO client.example", "MAIL FROM:<a@client.example>"],
    ...[`RCPT TO:<${recipient}>`, "DATA"],
  ];
  const heard = new Response(conn.readable).text().catch(() => "");
  const writer = conn.writable.getWriter();
  try {
    await writer.write(new TextEncoder().encode(lines.join("\r\n") + "\r\n"));
    await writer.write(
      new TextEncoder().encode("Subject: one\r\n\r\ntext\r\n.\r\nQUIT\r\n"),
    );
  } catch {
    // It was closed without a word.
  }
  return await heard;
}

function assertSmtp(heard: string): void {
  assertMatch(heard, /^(?:\d{3}[ -][ -~]*\r\n)*$/);
}

const init = (kind: Kind, name: string, ...args: string[]) => [
  ...[postern, "init-script", "--for", kind.for, "--name", name],
  ...args,
];

async function withInetd(
  kind: Kind,
  services: Readonly<Record<string, readonly string[]>>,
  spoilt: (machine: OwnMachine) => Promise<unknown>,
  fn: (machine: OwnMachine, said: () => string) => Promise<void>,
) {
  await OwnMachine.with((machine) =>
    machine.withSyslog(async (said) => {
      await machine.sh(`mkdir -p ${mail} && chown ${user} ${mail}`);
      // Its package has it, which was unpacked only.
      if (kind.for === "inetd") {
        await machine.sh(`touch /etc/init.d/${kind.name}`);
      }
      for (const [name, args] of Object.entries(services)) {
        const put = await machine.run(
          ...init(kind, name, "--install", ...args),
        );
        assertEquals([put.code, put.stderr], [0, ""]);
      }
      await spoilt(machine);
      machine.start(peer(kind.name)!, ...kind.args);
      await fn(machine, said);
    })
  );
}

const listens = (hostname: string, port: number) =>
  until(
    `${hostname} port ${port}`,
    () =>
      Deno.connect({ hostname, port }).then((conn) => {
        conn.close();
        return true;
      }, () => false),
  );

for (const kind of kinds) {
  const needs = { peers: [kind.name], root: true };

  Deno.test(
    needing(
      needs,
      `${kind.name}: mail from IPv4 and IPv6, and from nobody else`,
    ),
    async () => {
      const four = freePort(), all = freePort(), echo = freePort();
      const smtpd = ["smtpd", "--me", "here.example", "--create-mailboxes"];
      const into = (folder: string) => [
        ...smtpd,
        ...["--rcpthosts", "here.example", "--maildir", `${mail}/${folder}`],
      ];
      await withInetd(
        kind,
        {
          four: ["-vRHl0", "-u", user, "127.0.0.1", `${four}`, ...into("four")],
          all: ["-6", "-RH", "-u", user, "0", `${all}`, ...into("all")],
          words: ["127.0.0.1", `${echo}`, "/bin/echo", "a", "b"],
        },
        async () => {},
        async (machine, said) => {
          const received = async (folder: string) =>
            (await machine.sh(`cat ${mail}/${folder}/new/*`)).stdout;
          await listens("127.0.0.1", four);
          const heard = await converse("127.0.0.1", four, "b@here.example");
          assertSmtp(heard);
          assertMatch(heard, /^250 2\.0\.0 ok /m);
          assertMatch(
            await received("four"),
            /Received: from unknown \(HELO client\.example\) \(127\.0\.0\.1\)\n {2}by 0 with ESMTP/,
          );
          await until(
            "the mail log",
            () => /message\.stored .*client=127\.0\.0\.1 /.test(said()),
          );
          const relayed = await converse("127.0.0.1", four, "b@other.example");
          assertSmtp(relayed);
          assertMatch(relayed, /^553 /m);

          await listens("::1", all);
          for (const host of ["127.0.0.1", "::1"]) {
            const heard = await converse(host, all, "b@here.example");
            assertSmtp(heard);
            assertMatch(heard, /^250 2\.0\.0 ok /m);
            assert(
              (await received("all")).includes(`(${host})\n  by ${host} `),
            );
          }
          const conn = await Deno.connect({ port: echo });
          assertEquals(await new Response(conn.readable).text(), "a b\n");
        },
      );
    },
  );

  Deno.test(
    needing(needs, `${kind.name}: the client hears no word of what is wrong`),
    async () => {
      const full = freePort(), wrong = freePort(), other = freePort();
      const args = (port: number) => [
        ...["-vRH", "-u", user, "127.0.0.1", `${port}`, "smtpd"],
        ...["--me", "localhost", "--maildir", `${mail}/full`],
        "--create-mailboxes",
      ];
      await withInetd(kind, {
        full: args(full),
        wrong: args(wrong),
        other: args(other),
      }, async (machine) => {
        await machine.sh(
          `mkdir ${mail}/full && touch ${mail}/full/tmp ${mail}/full/new`,
        );
        const spoil = (name: string, port: number, from: string, to: string) =>
          machine.sh(
            kind.for === "inetd"
              ? `sed -i '/:${port} /s/${from}/${to}/' ${kind.configOf(name)}`
              : `sed -i 's/${from}/${to}/' ${kind.configOf(name)}`,
          );
        await spoil("wrong", wrong, "--me", "--nonsense");
        await spoil("other", other, "smtpd --mail", "smptd --mail");
      }, async (_machine, said) => {
        await listens("127.0.0.1", full);
        const heard = await converse("127.0.0.1", full, "b@localhost");
        assertSmtp(heard);
        assertMatch(heard, /^451 4\.3\.0 /m);
        await until("syslog hears it", () => /unable to deliver/.test(said()));
        assertEquals(await converse("127.0.0.1", wrong, "b@localhost"), "");
        await until(
          "syslog hears it",
          () => /postern smtpd: unknown option '--nonsense'/.test(said()),
        );
        assertEquals(await converse("127.0.0.1", other, "b@localhost"), "");
        await until(
          "syslog hears it",
          () => /unknown subcommand "smptd"/.test(said()),
        );
      });
    },
  );

  Deno.test(
    needing(needs, `${kind.name}: uninstalled, everything is as it was`),
    () =>
      OwnMachine.with(async (machine) => {
        await machine.sh("printf '# mine' >>/etc/inetd.conf");
        const folders = [
          "/etc/inetd.conf",
          "/etc/xinetd.d",
          "/var/lib/postern",
        ];
        const before = await machine.listing(...folders);
        const serve = ["127.0.0.1", "2525", "/bin/echo", "a"];
        const put = await machine.run(
          ...init(kind, "one", "--install", ...serve),
        );
        assertEquals([put.code, put.stderr], [0, ""]);
        assert(`${before}` !== `${await machine.listing(...folders)}`);
        const gone = await machine.run(...init(kind, "one", "--uninstall"));
        assertEquals([gone.code, gone.stderr], [0, ""]);
        assertEquals(await machine.listing(...folders), before);
      }),
  );
}
