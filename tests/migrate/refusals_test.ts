import { assert, assertEquals, assertRejects } from "@std/assert";
import { migrated } from "../../cmd/migrate/migrated.ts";
import type { Machine } from "../../lib/migrate/machine.ts";

const files: Record<string, string> = {
  "/etc/lists": "-r one.example -r two.example\n",
  "/etc/env/DATABYTES": "1000\n",
  "/etc/env/LOGNAME": "",
  "/etc/rules.cdb": "xx+RBLSMTPD=-gone\0",
};

const machine: Machine = {
  read: (path) => files[path] ?? null,
  list: (path) => path === "/etc/env" ? ["DATABYTES", "LOGNAME"] : null,
  bytes: (path) => path in files ? new TextEncoder().encode(files[path]) : null,
  hostName: () => "mx.example.org",
};

const of = (text: string, to: "line" | "config" = "line") =>
  migrated([{ name: "run", text }], to, machine);
const lineOf = async (text: string) => (await of(text)).lines.at(-1)!;

function includes(error: unknown, what: string): void {
  const { message } = error as Error;
  assert(message.includes(what), message);
}

const refusals: [text: string, why: string][] = [
  ["tcpserver 0 25", "run: line 1: tcpserver wants HOST PORT PROGRAM"],
  ["\ntcpserver -Z 0 25 qmail-smtpd", "line 2: tcpserver knows no option -Z"],
  ["tcpserver -c0 0 25 qmail-smtpd", "--limit 0: a number above 0 is wanted"],
  ["tcpserver -c", "-c of tcpserver wants a value"],
  ["tcpserver $OPTIONS 0 25 qmail-smtpd", "known only when the script runs"],
  ["if true; then", "this is no shell script"],
  ["ls", "nothing in it is tcpserver"],
  ["", "nothing in it is tcpserver"],
  ["sslserver 0 995 qmail-popup x y", "is for the built-in smtpd"],
  [
    "tcpserver -r -t x 0 25 rblsmtpd -x qmail-smtpd",
    "rblsmtpd knows no option",
  ],
];

for (const [text, why] of refusals) {
  Deno.test(`nothing is made of ${JSON.stringify(text)}`, async () => {
    const error = await assertRejects(() => of(text));
    includes(error, why);
  });
}

Deno.test("nothing is ever run", async () => {
  const mark = await Deno.makeTempFile();
  await Deno.remove(mark);
  await of(
    `X=\`touch ${mark}\`; tcpserver -x "$(touch ${mark}; echo x)" 0 25 ` +
      `sh -c 'touch ${mark}; exec qmail-smtpd'`,
  );
  await assertRejects(() => Deno.stat(mark));
});

const lines: [text: string, line: string][] = [
  [
    "L=`cat /etc/lists`\ntcpserver 0 25 rblsmtpd $L qmail-smtpd",
    "postern serve 0 25 smtpd --dnsbl one.example,two.example",
  ],
  [
    "envdir /etc/env tcpserver 0 25 qmail-smtpd",
    "env -u LOGNAME DATABYTES=1000 postern serve 0 25 smtpd",
  ],
  [
    "tcpserver 0 25 rblsmtpd -b -r a.example qmail-smtpd",
    "postern serve 0 25 smtpd --dnsbl a.example --dnsbl-reject",
  ],
  [
    "tcpserver -x /etc/rules.cdb 0 25 rblsmtpd -r a.example qmail-smtpd",
    "postern serve --rules /etc/rules.cdb 0 25 rblsmtpd -r a.example smtpd",
  ],
  [
    "tcpserver 0 25 rblsmtpd -r 'a.example:See %IP%' qmail-smtpd",
    "postern serve 0 25 rblsmtpd -r 'a.example:See %IP%' smtpd",
  ],
  [
    "rblsmtpd -r a.example /var/qmail/bin/qmail-smtpd",
    "postern smtpd --dnsbl a.example",
  ],
  [
    "f() { tcpserver -c $1 0 25 qmail-smtpd; }\nf 7",
    "postern serve --limit 7 0 25 smtpd",
  ],
  [
    "smtp stream tcp nowait root /usr/sbin/tcpd /var/qmail/bin/tcp-env " +
    "/var/qmail/bin/qmail-smtpd",
    'postern serve --uid root --gid "$(id -g root)" 0 smtp smtpd',
  ],
  [
    "tcpserver 0 25 qmail-smtpd mx /bin/true /bin/true",
    "postern serve 0 25 smtpd",
  ],
  [
    "valgrind --quiet tcpserver 0 25 qmail-smtpd",
    "valgrind --quiet postern serve 0 25 smtpd",
  ],
  [
    'tcpserver -l "$(hostname)" -c "${MAX:-30}" 0 25 qmail-smtpd',
    'postern serve --local-name "$(hostname)" --limit "${MAX:-30}" 0 25 smtpd',
  ],
];

for (const [text, line] of lines) {
  Deno.test(`${JSON.stringify(text)} becomes ${line}`, async () => {
    assertEquals(await lineOf(text), line);
  });
}

Deno.test("what a file cannot say is no file", async () => {
  const error = await assertRejects(() =>
    of('tcpserver -x "$RULES" 0 25 qmail-smtpd', "config")
  );
  includes(error, "use --to line");
  const two =
    "tcpserver -u1 0 25 qmail-smtpd &\ntcpserver -u2 0 26 qmail-smtpd";
  const other = await assertRejects(() => of(two, "config"));
  includes(other, "cannot have two of uid");
});

const shells: [text: string, lines: string[]][] = [
  [
    "(cd /a; X=1; tcpserver -c$X 0 25 qmail-smtpd) &\ntcpserver -c$X 0 26 qmail-smtpd",
    [
      "postern serve --limit 1 0 25 smtpd &",
      'postern serve --limit "$X" 0 26 smtpd',
    ],
  ],
  [
    '[ -z "$P" ] && P=25\ntcpserver 0 $P qmail-smtpd',
    ['postern serve 0 "${P:-25}" smtpd'],
  ],
  [
    "{ tcpserver 0 25 qmail-smtpd; } 2>&1 | splogger smtpd &",
    ["postern serve 0 25 smtpd 2>&1 | postern splogger smtpd &"],
  ],
  [
    "supervise /lock/qmail-smtpd tcpserver 0 25 qmail-smtpd",
    ["supervise /lock/qmail-smtpd postern serve 0 25 smtpd"],
  ],
  [
    "killall tcpserver\nfor i in 1; do tcpserver 0 25 qmail-smtpd; done",
    ["postern serve 0 25 smtpd"],
  ],
];

for (const [text, lines] of shells) {
  Deno.test(`the shell of ${JSON.stringify(text)}`, async () => {
    const { lines: all } = await of(text);
    assertEquals(all.filter((line) => !line.startsWith("#")), lines);
  });
}
