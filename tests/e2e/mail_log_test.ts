/**
 * The mail log of a gate: each thing that becomes of mail is a line, in text
 * and in JSON, and postern trace finds it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { linesOf, withRsyslog } from "../support/rsyslog.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { makePasswords, withSmtpd } from "../support/smtp_server.ts";

const from = "MAIL FROM:<a@sender.example>";
const to = "RCPT TO:<anne@mx.example>";
const text = "Subject: hello\r\n\r\nhello\r\n.";

/** Says one after the other; the replies. */
async function say(client: SmtpClient, ...lines: string[]): Promise<string[]> {
  const replies: string[] = [];
  for (const line of lines) replies.push(await client.ask(line));
  return replies;
}

async function hello(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.connect(port);
  assertMatch(await client.reply(), /^220 /);
  await client.ask("EHLO client.example");
  return client;
}

const read = (path: string) =>
  existsSync(path) ? Deno.readTextFileSync(path) : "";
const linesIn = (path: string) => read(path).split("\n").slice(0, -1);

const trace = (...args: string[]) => output(postern, ["trace", ...args]);

/** What a session does that meets with everything. */
async function everything(
  port: number,
  certificate: string,
): Promise<{ id: string }> {
  const client = await hello(port);
  await say(client, "STARTTLS");
  await client.encrypt(certificate);
  await say(client, "EHLO client.example", `AUTH PLAIN ${btoa("\0anne\0no")}`);
  await say(client, `AUTH PLAIN ${btoa("\0anne\0secret")}`);
  await say(client, from, to, "RCPT TO:<>", "RCPT TO:<x y@z>");
  const [, stored] = await say(client, "DATA", text);
  await say(client, from, to, "DATA", `${"x".repeat(900)}\r\n.`.repeat(1));
  await say(client, from, to, "DATA");
  await client.send("Subject: to be continued\r\n");
  client.close();
  const wrong = await hello(port);
  await say(wrong, "STARTTLS");
  await wrong.send("this is no handshake at all\r\n\r\n");
  await wrong.rest();
  wrong.close();
  return { id: stored.trim().split(" ").at(-1)! };
}

for (const format of ["text", "json"]) {
  Deno.test(
    needing({ peers: ["openssl"] }, `each kind of event has a line: ${format}`),
    () =>
      inFolder(async (logs) => {
        const log = `${logs}/mail.log`;
        await withSmtpd({
          gate: ["--mail-log", log, "--log-format", format],
          relays: false,
          smtpd: async (folder) => [
            ...["--databytes", "800", "--passwords"],
            await makePasswords(`${folder}/passwords`, { anne: "secret" }),
          ],
        }, async ({ gate, certificate, stored }) => {
          const { id } = await everything(gate.port, certificate.cert);
          gate.child.kill("SIGHUP");
          const wanted = [
            "certificate.taken",
            "tls.begun",
            "login.refused",
            "login.accepted",
            "recipient.refused",
            "recipient.refused",
            "message.stored",
            "message.refused",
            "message.abandoned",
            "tls.failed",
            "settings.refreshed",
          ];
          await until("all lines", () => linesIn(log).length > wanted.length);
          const lines = linesIn(log);
          const verbs = lines.map((line) =>
            format === "json" ? JSON.parse(line).event : line.split(" ")[1]
          );
          assertEquals(verbs.slice(0, wanted.length), wanted);
          assertEquals(verbs.at(-1), "certificate.taken");
          // The same in the reply, the message and the log.
          const [message] = stored();
          const received = /with ESMTPSA id (\S+);/.exec(message)![1];
          assertEquals(id, received);
          const story = await trace(id, log, "--format", "json");
          const told = story.stdout.trim().split("\n").map((line) =>
            JSON.parse(line)
          );
          assertEquals(
            told.map(({ event }) => event),
            wanted.slice(1, 7),
          );
          const { size, to, user, tls, target, queued, code } = told.at(-1);
          assertEquals([to, user, tls, code], [
            ["anne@mx.example"],
            "anne",
            "TLSv1.3",
            250,
          ]);
          assert(message.endsWith("\nSubject: hello\n\nhello\n"));
          assertEquals(
            size,
            message.replace(/^(?!Received)[^\n]*\n/, "")
              .replace(/^Delivered-To[^\n]*\n/, "").length,
          );
          assertMatch(target, /^maildir:/);
          assertMatch(queued, /^\d+\.R\w+M\d+P\d+Q1$/);
          const reasons = (await trace("--to", "anne@mx.example", log)).stdout;
          assertMatch(reasons, /refused: .*552 .*\(by databytes\)/);
          assertMatch(reasons, /abandoned: .*the client went away/);
          assertEquals((await trace(id, log, "--user", "bob")).code, 111);
          assertEquals((await trace("--user", "bob", log)).code, 1);
        });
      }),
  );
}

Deno.test(
  needing({}, "with -v it is among tcpserver's lines, but under its name"),
  async () => {
    const smtpd = ["smtpd", "--me", "mx.example", "--deliver", "discard"];
    const serve = ["-1", "-vRHl0", "127.0.0.1", "0"];
    const ways: [program: string[], options: string[], isLogged: boolean][] = [
      [["serve"], [], true],
      [["serve"], ["--mail-log", "off"], false],
    ];
    for (const [program, options, isLogged] of ways) {
      await withGate(
        [...program, ...options, ...serve, ...smtpd],
        { program: postern, asGiven: true },
        async (gate) => {
          const client = await hello(gate.port);
          await say(client, from, to, "DATA", text, "QUIT");
          await gate.logged(/end 1 status 0/);
          assertEquals(/ message\.stored /.test(gate.log), isLogged, gate.log);
        },
      );
    }
    await inFolder(async (folder) => {
      await Deno.symlink(postern, `${folder}/tcpserver`);
      await Deno.symlink(postern, `${folder}/qmail-smtpd`);
      const env = { QMAILHOME: folder, RELAYCLIENT: "" };
      await Deno.mkdir(`${folder}/control`);
      await Deno.writeTextFile(`${folder}/control/me`, "mx.example\n");
      const log = `${folder}/mail.log`;
      for (const options of [[], ["--mail-log", log]]) {
        await withGate(
          [...options, ...serve, `${folder}/qmail-smtpd`],
          { program: `${folder}/tcpserver`, asGiven: true, env, cwd: folder },
          async (gate) => {
            const client = await SmtpClient.connect(gate.port);
            await client.reply();
            await say(client, from, to, "DATA");
            assertMatch(await client.ask(text), /^250 ok \d+ qp \S+\r\n$/);
            await client.ask("QUIT");
            await gate.logged(/end 1 status 0/);
            const others = gate.log.split("\n")
              .filter((line) => !/^(?:tcpserver: .*)?$/.test(line));
            assertEquals(others, []);
            await until(
              "it is there",
              () => options.length === 0 || linesIn(log).length > 0,
            );
          },
        );
      }
      assertMatch(read(log), /^\S+ message\.stored conn=1 [^\n]*\n$/);
    });
  },
);

Deno.test(
  needing({}, "smtpd under another server logs too, with its pid"),
  () =>
    inFolder(async (folder) => {
      const log = `${folder}/mail.log`;
      const input = ["HELO x", from, to, "DATA", text, "QUIT", ""].join("\r\n");
      for (let i = 0; i < 2; i++) {
        const { stdout } = await output(postern, [
          ...["smtpd", "--me", "mx.example", "--deliver", "discard"],
          ...["--mail-log", log],
        ], { stdin: input, env: { TCPREMOTEIP: "192.0.2.7" } });
        assertMatch(stdout, /250 2\.0\.0 ok \S+-1-1\r\n/);
      }
      const lines = linesIn(log);
      assertEquals(lines.length, 2);
      const found = lines.map((line) =>
        / conn=(\d+) session=(\S+) .* client=192\.0\.2\.7 /.exec(line)!
      );
      assertEquals(new Set(found.map(([, pid]) => pid)).size, 2);
      assertEquals(new Set(found.map(([, , session]) => session)).size, 2);
    }),
);

Deno.test(
  needing({}, "smtpd's own place counts within a gate too, as if executed"),
  () =>
    inFolder(async (folder) => {
      const log = `${folder}/mail.log`;
      const smtpd = ["smtpd", "--me", "mx.example", "--deliver", "discard"];
      for (const how of [[], ["--isolate"]]) {
        await withGate(
          [
            ...[...how, "-RHl0", "127.0.0.1", "0"],
            ...[...smtpd, "--mail-log", log],
          ],
          {},
          async (gate) => {
            const client = await hello(gate.port);
            await say(client, from, to, "DATA", text, "QUIT");
            await until("a line", () => linesIn(log).length > how.length);
          },
        );
      }
      assertEquals(read(log).match(/ message\.stored /g)?.length, 2);
    }),
);

Deno.test(
  needing({}, "a log that was moved away is made anew, with workers too"),
  () =>
    inFolder(async (folder) => {
      const log = `${folder}/mail.log`;
      await withGate(
        [
          ...["--mail-log", log, "--workers", "2", "-RHl0", "127.0.0.1", "0"],
          ...["smtpd", "--me", "mx.example", "--deliver", "discard"],
        ],
        {},
        async (gate) => {
          const send = async () => {
            const client = await hello(gate.port);
            const replies = await say(client, from, to, "DATA", text, "QUIT");
            return replies[3].trim().split(" ").at(-1)!;
          };
          const before = await Promise.all(Array.from({ length: 8 }, send));
          await until("they are there", () => linesIn(log).length === 8);
          await Deno.rename(log, `${log}.1`);
          gate.child.kill("SIGHUP");
          const isRefreshed = () =>
            read(log).match(/settings\.refreshed/g)?.length === 2;
          await until("both have a new one", isRefreshed);
          const after = await Promise.all(Array.from({ length: 8 }, send));
          await until("the others are", () => linesIn(log).length === 10);
          const ids = (text: string) =>
            [...text.matchAll(/ id=(\S+)/g)].map(([, id]) => id).sort();
          assertEquals(ids(read(`${log}.1`)), before.sort());
          assertEquals(ids(read(log)), after.sort());
          const all = await trace(
            "--from",
            "a@sender.example",
            `${log}.1`,
            log,
          );
          const times = all.stdout.trim().split("\n")
            .map((line) => line.slice(0, 24));
          assertEquals(times.length, 16);
          assertEquals(times, [...times].sort());
        },
      );
    }),
);

Deno.test(
  needing({}, "rules that were replaced are told, and whom they deny"),
  () =>
    inFolder(async (folder) => {
      const log = `${folder}/mail.log`, cdb = `${folder}/cdb`;
      const compile = (rules: string) =>
        output(postern, ["rules", "compile", cdb, `${cdb}.tmp`], {
          stdin: rules,
        });
      await compile(":allow\n");
      await withGate(
        [
          ...["--mail-log", log, "-x", cdb, "-RHl0", "127.0.0.1", "0"],
          ...["smtpd", "--me", "mx.example", "--deliver", "discard"],
        ],
        {},
        async (gate) => {
          (await hello(gate.port)).close();
          await compile("127.0.0.1:deny\n");
          const denied = await SmtpClient.connect(gate.port);
          assertEquals(await denied.rest(), "");
          denied.close();
          await until("both are told", () => linesIn(log).length === 2);
          const [read, deny] = linesIn(log);
          assert(read.endsWith(` rules.read path=${cdb}`), read);
          assertMatch(
            deny,
            / connection\.deny conn=2 client=127\.0\.0\.1 .* by=rules rule=127\.0\.0\.1$/,
          );
        },
      );
    }),
);

Deno.test(
  needing({}, "a place that cannot be written to is told at the start"),
  () =>
    inFolder(async (folder) => {
      const log = `${folder}/none/mail.log`;
      const smtpd = ["127.0.0.1", "0", "smtpd", "--me", "x.example"];
      const told = `tcpserver: --mail-log: unable to write ${log}: ` +
        "file does not exist\n";
      const check = await output(postern, [
        ...["serve", "--check", "-Rl0", "--mail-log", log, ...smtpd],
      ]);
      assertEquals([check.code, check.stderr], [100, told]);
      const { code, stderr } = await output(postern, [
        ...["serve", "-Rl0", "--mail-log", log, ...smtpd],
      ]);
      assertEquals(code, 111);
      assertEquals(stderr, told.replace("tcpserver: ", "tcpserver: fatal: "));
    }),
);

Deno.test(
  needing(
    { peers: ["rsyslogd"] },
    "syslog has it as facility mail, and trace reads that",
  ),
  () =>
    inFolder(async (folder) => {
      const action = `template(name="all" type="string" string=
        "%timereported% %hostname% %syslogtag%%msg:::sp-if-no-1st-sp%%msg%\\n")
        mail.info action(type="omfile" File="${folder}/out" Template="all")`;
      const inputs = { log: 'UseSysTimeStamp="off"' };
      await withRsyslog(folder, inputs, action, () =>
        withGate(
          [
            ...[
              "--mail-log",
              `syslog:${folder}/log`,
              "-RHl0",
              "127.0.0.1",
              "0",
            ],
            ...["smtpd", "--me", "mx.example", "--deliver", "discard"],
          ],
          {},
          async (gate) => {
            const client = await hello(gate.port);
            await say(client, 'MAIL FROM:<"a b\\"c"@sender.example>', to);
            await say(client, "DATA", text);
            const [line] = await linesOf(`${folder}/out`, 1);
            assertMatch(
              line,
              /^\w{3} .* postern\[\d+\]: \d{4}-\S+ message\.stored /,
            );
            const story = await trace(
              "--to",
              "Anne@MX.example",
              `${folder}/out`,
            );
            assertMatch(story.stdout, /stored: from a b"c@sender\.example to /);
          },
        ));
    }),
);
