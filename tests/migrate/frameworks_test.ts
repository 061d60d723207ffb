/**
 * What is started by others than a shell of its own, and scripts whose words
 * are easily lost: nothing of them gets weaker without a word.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { migrated } from "../../cmd/migrate/migrated.ts";
import type { Machine } from "../../lib/migrate/machine.ts";
import { toBytes } from "../../lib/base/bytes.ts";

const files: Record<string, string> = {
  "/etc/passwd": "vpopmail:x:89:89::/home/vp:/bin/false\n",
  "/etc/env/NAME": "m\xc3\xbcller\n",
};

const machine: Machine = {
  read: (path) => files[path] ?? null,
  list: (path) => path === "/etc/env" ? ["NAME"] : null,
  bytes: (path) => path in files ? toBytes(files[path]) : null,
  hostName: () => "mx.example.org",
};

const of = (text: string) => migrated([{ name: "run", text }], "line", machine);

interface Row {
  readonly name: string;
  readonly text: string;
  readonly line: string;
  /** A remark; with `attention:` where something is not done any more. */
  readonly told?: string;
}

const rows: readonly Row[] = [
  {
    name: "xinetd: limits are kept, and nobody is let in who was kept out",
    text: `service smtp
{
  user = 7
  group = 8
  instances = 30
  per_source = 5
  only_from = 10.0.0.0/8
  env = DATABYTES=1000
  server = /var/qmail/bin/tcp-env
  server_args = -R /var/qmail/bin/qmail-smtpd
}
`,
    line: "env DATABYTES=1000 postern serve --uid 7 --gid 8 --limit 30 " +
      "--per-ip 5 --rules /etc/tcp.smtp.cdb --no-remote-info 0 smtp smtpd",
    told: "# line 7: attention: only_from 10.0.0.0/8: write it as rules",
  },
  {
    name: "inetd: tcp-env -R asks no ident server",
    text: "smtp stream tcp nowait 7 /var/qmail/bin/tcp-env tcp-env -R " +
      "/var/qmail/bin/qmail-smtpd",
    line:
      'postern serve --uid 7 --gid "$(id -g 7)" --no-remote-info 0 smtp smtpd',
  },
  {
    name: "inetd: what tcpd looked at is lost",
    text: "smtp stream tcp nowait 7 /usr/sbin/tcpd /var/qmail/bin/qmail-smtpd",
    line: 'postern serve --uid 7 --gid "$(id -g 7)" 0 smtp smtpd',
    told: "# line 1: attention: tcpd: nobody looks into /etc/hosts.allow",
  },
  {
    name: "inetd: a program that nobody knows stays",
    text:
      "smtp stream tcp nowait 7 /usr/bin/mine mine /var/qmail/bin/qmail-smtpd",
    line: 'postern serve --uid 7 --gid "$(id -g 7)" 0 smtp /usr/bin/mine ' +
      "/var/qmail/bin/qmail-smtpd",
    told: "# line 1: attention: mine is another program",
  },
  {
    name: "FreeBSD: command and command_args",
    text: `name=smtpd
command="/usr/local/bin/tcpserver"
command_args="-c 20 0 25 qmail-smtpd 2>&1 | splogger smtpd &"
run_rc_command "$1"
`,
    line: "postern serve --limit 20 0 25 smtpd 2>&1 | postern splogger smtpd &",
  },
  {
    name: "OpenBSD: daemon, daemon_flags and daemon_user",
    text: 'daemon="/usr/local/bin/tcpserver"\ndaemon_user=7\n' +
      'daemon_flags="0 25 qmail-smtpd"\n',
    line: 'postern serve --uid 7 --gid "$(id -g 7)" 0 25 smtpd',
  },
  {
    name: "systemd: the unit's user, environment and limits",
    text: `[Service]
Environment=DATABYTES=1000
User=7
LimitAS=50M
ExecStart=/usr/bin/tcpserver -v 0 25 \\
  /var/qmail/bin/qmail-smtpd
`,
    line: "exec env DATABYTES=1000 postern serve --verbose --uid 7 " +
      '--gid "$(id -g 7)" 0 25 smtpd',
    told: "# line 4: attention: LimitAS=50M: take it out",
  },
  {
    name: "csh: setenv, set and limit",
    text: "setenv DATABYTES 1000\nset max = 30\nlimit memoryuse 20m\n" +
      "exec tcpserver -c $max 0 25 qmail-smtpd",
    line: "exec env DATABYTES=1000 postern serve --limit 30 0 25 smtpd",
    told: "# line 3: attention: limit memoryuse 20m: take it out",
  },
  {
    name: "ulimit -v would end the gate",
    text: "ulimit -v 20000\ntcpserver 0 25 qmail-smtpd",
    line: "postern serve 0 25 smtpd",
    told: "# line 1: attention: ulimit -v 20000: take it out",
  },
  {
    name: "what read sets stays in the script",
    text: "read MAX < /etc/max\ntcpserver -c $MAX 0 25 qmail-smtpd",
    line: 'postern serve --limit "$MAX" 0 25 smtpd',
    told: "# line 1: read MAX: stays in the script",
  },
  {
    name: "a home by its user's account",
    text: "tcpserver -x ~vpopmail/etc/tcp.cdb 0 25 qmail-smtpd",
    line: "postern serve --rules /home/vp/etc/tcp.cdb 0 25 smtpd",
  },
  {
    name: "a home that nobody knows is a guess",
    text: "tcpserver -x ~nobody9/tcp.cdb 0 25 qmail-smtpd",
    line: "postern serve --rules /home/nobody9/tcp.cdb 0 25 smtpd",
    told: "# line 1: attention: ~nobody9: nobody9 has no account here",
  },
  {
    name: "one's own home",
    text: "tcpserver -x ~/tcp.cdb 0 25 qmail-smtpd",
    line: 'postern serve --rules "$HOME/tcp.cdb" 0 25 smtpd',
  },
  {
    name: "two rblsmtpd: neither list is lost",
    text: "tcpserver 0 25 rblsmtpd -b -r a.example rblsmtpd -r b.example " +
      "qmail-smtpd",
    line: "postern serve 0 25 rblsmtpd -r b.example smtpd --dnsbl a.example " +
      "--dnsbl-reject",
  },
  {
    name: "a shell that may end before qmail-smtpd stays",
    text: "tcpserver 0 25 sh -c 'test -n \"$BAD\" && exit 1; exec qmail-smtpd'",
    line: "postern serve 0 25 sh -c " +
      "'test -n \"$BAD\" && exit 1; exec qmail-smtpd'",
    told: "# line 1: attention: sh is another program",
  },
  {
    name: "eval",
    text: 'X="tcpserver 0 25 qmail-smtpd"\neval exec $X',
    line: "exec postern serve 0 25 smtpd",
  },
  {
    name: "lines that end in CR LF",
    text: "exec tcpserver \\\r\n  0 25 qmail-smtpd\r\n",
    line: "exec postern serve 0 25 smtpd",
    told: "# line 1: its lines end in CR LF",
  },
  {
    name: "an envdir's value in UTF-8",
    text: "envdir /etc/env tcpserver 0 25 qmail-smtpd",
    line: "env NAME='müller' postern serve 0 25 smtpd",
  },
  {
    name: "setuidgid -s of daemontools-encore",
    text: "setuidgid -s 7 tcpserver 0 2525 qmail-smtpd",
    line: 'postern serve --uid 7 --gid "$(id -g 7)" 0 2525 smtpd',
    told: "# line 1: attention: setuidgid -s: serve gives up",
  },
  {
    name: "GREETDELAY is a pause of smtpd's",
    text: "GREETDELAY=5 tcpserver 0 25 qmail-smtpd",
    line: "postern serve 0 25 smtpd --greet-pause 5",
  },
];

for (const { name, text, line, told } of rows) {
  Deno.test(`migrate: ${name}`, async () => {
    const { lines, loses } = await of(text);
    assertEquals(lines.at(-1), line);
    const remarks = lines.filter((each) => each.startsWith("#")).join("\n");
    if (told !== undefined) assert(remarks.includes(told), remarks);
    assertEquals(loses, remarks.includes(": attention: "), remarks);
  });
}

const refusals: [text: string, why: string][] = [
  ['tcpserver "$@" 0 25 qmail-smtpd', '"$@" of tcpserver is known only'],
  ['tcpserver "${O[@]}" 0 25 qmail-smtpd', '"${O[@]}" of tcpserver is known'],
  ["tcpserver -x /etc/r\ufffdgles.cdb 0 25 qmail-smtpd", "no UTF-8"],
];

for (const [text, why] of refusals) {
  Deno.test(`migrate makes nothing of ${JSON.stringify(text)}`, async () => {
    const { message } = await assertRejects(() => of(text)) as Error;
    assert(message.includes(why), message);
  });
}
