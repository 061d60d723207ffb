/**
 * The filter and the jail for fail2ban, read by Debian's own on lines of a real
 * gate. No client can have another one banned, whatever it calls itself.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { linesOf, withRsyslog } from "../support/rsyslog.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { withSmtpd } from "../support/smtp_server.ts";

const source = fileURLToPath(
  new URL("../../scripts/fail2ban", import.meta.url),
);
const filter = `${source}/filter.d/postern.conf`;

/** Whoever has it is not among the clients. */
const victim = "203.0.113.9";
const forged = [
  `tcpserver: warning: log-in of x from ${victim} refused`,
  `login.refused conn=1 session=x client=${victim} port=1 user=x login_ms=1`,
  `{"time":"2026-11-24T08:12:18.123Z","event":"login.refused","conn":1,` +
  `"session":"x","client":"${victim}","port":1,"user":"x"}`,
];

/** Names of users and hosts that would be somebody else. */
const names = [
  ...["joe", victim, "j\u00f6rg \u6587", 'a"b\\', "100%s"],
  ...[`x from ${victim} refused`, `client=${victim}`, `x client=${victim} `],
  ...[`", "client":"${victim}"`, `x refused\n\t from ${victim} refused`],
  ...forged.flatMap((line) => [
    ...[line, `x\n${line}`, `x\r\n${line}\r\n`, `\u2028${line}\u0085${line}`],
    // Where splogger cuts a line in two.
    ...[600, 700, 799].map((size) => "x ".repeat(size).slice(0, size) + line),
  ]),
];

/** What HELO may be: one line. */
const inOneLine = (name: string) =>
  name.replace(/[^!-~]+/g, "").slice(0, 200) || "x";

const clients = names.map((name, i) => ({
  name,
  // Both kinds, as the front server's header has them.
  ip: i % 2 === 0 ? `198.51.100.${i}` : `2001:db8::${i.toString(16)}`,
}));

const base64 = (text: string) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)));

async function failToLogIn(
  { name, ip }: { name: string; ip: string },
  port: number,
  cert: string,
): Promise<void> {
  const client = await SmtpClient.connect(port);
  const [family, own] = ip.includes(":") ? ["TCP6", "::1"] : ["TCP4", ip];
  await client.send(`PROXY ${family} ${ip} ${own} 4050 25\r\n`);
  assertMatch(await client.reply(), /^220 /);
  assertMatch(await client.ask("STARTTLS"), /^220 /);
  await client.encrypt(cert);
  assertMatch(await client.ask(`EHLO ${inOneLine(name)}`), /^250/);
  const credentials = base64(`\0${name}\0wrong`);
  assertMatch(await client.ask(`AUTH PLAIN ${credentials}`), /^5/);
  client.close();
}

/** Whom it would ban, so often as each has failed. */
async function banned(log: string, mode: string): Promise<string[]> {
  const { stdout, stderr } = await output("fail2ban-regex", [
    ...["-o", "<ip>", log, `${filter}[mode=${mode}]`],
  ]);
  assertEquals(stderr, "");
  return stdout.split("\n").filter((each) => each !== "").sort();
}

const needs = { peers: ["fail2ban-regex", "openssl", "rsyslogd"] };

for (
  const [how, args, modes] of [
    ["text", [], ["mail", "gate"]],
    ["JSON", ["--log-format", "json"], ["mail", "gate"]],
    ["executed", ["--isolate"], ["gate"]],
  ] as const
) {
  Deno.test(
    needing(needs, `who fails to log in is banned, and nobody else: ${how}`),
    () =>
      withSmtpd({
        gate: [...args, "--proxy-protocol", "127.0.0.1", "-c", "100"],
        // Nobody's password is right, and it takes no time to find out.
        smtpd: () => ["--checkpassword", "/bin/false"],
      }, async ({ gate, certificate, folder }) => {
        // At once: each is made to wait for its answer.
        await Promise.all(
          clients.map((each) => failToLogIn(each, gate.port, certificate.cert)),
        );
        await gate.stop();
        const all = clients.map(({ ip }) => ip).sort();
        await Deno.writeTextFile(`${folder}/log`, gate.log);
        for (const mode of modes) {
          assertEquals(await banned(`${folder}/log`, mode), all, mode);
        }
        // The same by splogger and syslog, where long lines are in pieces.
        const action = `action(type="omfile" File="${folder}/syslog"
          Template="RSYSLOG_TraditionalFileFormat")`;
        await withRsyslog(folder, { socket: "" }, action, async () => {
          const { code } = await output(postern, [
            ...["splogger", "--socket", `${folder}/socket`, "smtpd", "mail"],
          ], { stdin: gate.log });
          assertEquals(code, 0);
          const count = gate.log.split("\n").length - 1;
          const lines = await linesOf(`${folder}/syslog`, count);
          const isCut = lines.some((line) => /smtpd: \d+\.\d{6}\+/.test(line));
          assertEquals(isCut, how !== "executed");
        });
        for (const mode of modes) {
          assertEquals(await banned(`${folder}/syslog`, mode), all, mode);
        }
      }),
  );
}

const gateLine = (ip: string) =>
  `tcpserver: warning: log-in of joe from ${ip} refused`;
const mailLine = (ip: string) =>
  `login.refused conn=7 session=k-1 client=${ip} port=4050 helo=x user=joe login_ms=1`;

Deno.test(
  needing(
    { peers: ["fail2ban-regex"] },
    "lines are found, whoever has dated them",
  ),
  () =>
    inFolder(async (folder) => {
      const iso = "2026-11-24T08:12:18.375Z", stamp = "1795507938.375978";
      const lines = [
        `Nov 24 08:12:18 mx smtpd: ${stamp} ${gateLine("192.0.2.1")}`,
        `Nov 24 08:12:18 192.0.2.25 smtpd: ${stamp} ${gateLine("192.0.2.2")}`,
        `${iso.replace("Z", "+00:00")} mx smtpd[42]: ${gateLine("192.0.2.3")}`,
        `@400000006b0546e21666b7f4 ${gateLine("192.0.2.4")}`, // multilog
        `2026-11-24_08:12:18.37597 ${gateLine("192.0.2.5")}`, // svlogd
        `2026-11-24 08:12:18.375978  ${gateLine("192.0.2.6")}`, // s6-log
        `${iso} ${mailLine("192.0.2.7")}`,
        `Nov 24 08:12:18 mx postern[42]: ${iso} ${mailLine("2001:db8::8")}`,
        `Nov 24 08:12:18 mx smtpd: ${stamp} ${iso} ${mailLine("192.0.2.9")}`,
      ];
      await Deno.writeTextFile(`${folder}/log`, lines.join("\n") + "\n");
      const { stdout } = await output("fail2ban-regex", [
        ...["-o", "<ip> <time>", `${folder}/log`, filter],
      ], { env: { TZ: "UTC0" } });
      const found = stdout.trim().split("\n").map((line) => line.split(" "));
      assertEquals(
        found.map(([ip, seconds]) => [ip, Math.floor(Number(seconds))]),
        [
          ...["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"],
          ...["192.0.2.6", "192.0.2.7", "2001:db8::8", "192.0.2.9"],
        ].map((ip) => [ip, 1_795_507_938]),
      );
    }),
);

Deno.test(
  needing({ peers: ["fail2ban-regex"] }, "lines that only look like it"),
  () =>
    inFolder(async (folder) => {
      const syslog = "Nov 24 08:12:18 mx", stamp = "1795507938.375978";
      const iso = "2026-11-24T08:12:18.375Z";
      const lines = [
        // The second piece of a long line.
        `${syslog} smtpd: ${stamp}+${gateLine(victim)}`,
        `${syslog} smtpd: ${stamp}+${mailLine(victim)}`,
        // Somebody else's line.
        `${syslog} cron[7]: ${mailLine(victim)}`,
        `${syslog} cron[7]: ${stamp} ${gateLine(victim)}`,
        // What is said of something else.
        `${syslog} smtpd: ${stamp} tcpserver: warning: x ${gateLine(victim)}`,
        `${iso} message.refused conn=7 client=192.0.2.1 port=1 ${
          mailLine(victim)
        }`,
        `${iso} login.accepted conn=7 client=${victim} port=1 user=joe`,
        `${iso} login.deferred conn=7 client=${victim} port=1 user=joe`,
        `{"time":"${iso}","event":"warning","text":"x: ${gateLine(victim)}"}`,
        `{"time":"${iso}","event":"message.stored","helo":"${
          mailLine(victim)
        }"}`,
        `${gateLine(victim)} in vain`,
      ];
      await Deno.writeTextFile(`${folder}/log`, lines.join("\n") + "\n");
      assertEquals(await banned(`${folder}/log`, "any"), []);
    }),
);

Deno.test(
  needing(
    { peers: ["fail2ban-client"] },
    "fail2ban takes the jail beside its own",
  ),
  () =>
    inFolder(async (folder) => {
      const config = `${folder}/fail2ban`;
      const copied = await output("sh", [
        ...["-c", 'cp -r /etc/fail2ban "$1" && cp -r "$0"/* "$1"'],
        ...[source, config],
      ]);
      assertEquals(copied, { code: 0, stdout: "", stderr: "" });
      await Deno.writeTextFile(`${folder}/log`, "");
      await Deno.writeTextFile(
        `${config}/jail.local`,
        `[sshd]\nenabled = false\n[postern]\nlogpath = ${folder}/log\n`,
      );
      const tried = await output("fail2ban-client", ["-c", config, "-t"]);
      assertEquals([tried.code, tried.stdout], [
        0,
        "OK: configuration test is successful\n",
      ]);
      const { stdout } = await output("fail2ban-client", ["-c", config, "-d"]);
      assertMatch(stdout, /'start', 'postern'/);
      assertMatch(stdout, /login\\\\\.refused/);
    }),
);
