/**
 * What scripts start, read without running them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { scriptsIn } from "../../lib/doctor/reading/scripts.ts";
import type { Script } from "../../lib/doctor/script.ts";

const commandOf = ({ calledAs, args, user }: Script) =>
  [calledAs, ...args, ...user === null ? [] : [`as ${user}`]].join(" ");

const starts: [name: string, text: string, commands: string[]][] = [
  ["a plain line", "tcpserver 0 smtp qmail-smtpd\n", [
    "tcpserver 0 smtp qmail-smtpd",
  ]],
  [
    "continued lines, comments and quotes",
    `# tcpserver in a comment
exec /usr/local/bin/tcpserver -v \\
  -l "mx example" 0 'smtp' qmail-smtpd 2>&1 # and one behind
`,
    ["tcpserver -v -l mx example 0 smtp qmail-smtpd"],
  ],
  ["variables", 'A=5 B="-v -R"\nexec tcpserver $B -c "$A" 0 ${P:-25} prog\n', [
    "tcpserver -v -R -c 5 0 25 prog",
  ]],
  ["ids in backticks", "U=`id -u root`\nexec tcpserver -u $U 0 25 prog\n", [
    "tcpserver -u 0 0 25 prog",
  ]],
  [
    "wrappers",
    "exec env - PATH=/bin softlimit -m 99 setuidgid nobody envdir ./none tcpserver 0 25 p\n",
    ["tcpserver 0 25 p as nobody"],
  ],
  ["chpst", "exec chpst -u nobody:nogroup -m 99 tcpserver 0 25 p\n", [
    "tcpserver 0 25 p as nobody",
  ]],
  ["a pipe", "tcpserver 0 25 p 2>&1 | splogger smtpd 3 &\n", [
    "tcpserver 0 25 p",
  ]],
  [
    "cases and functions",
    `serve() {
  exec "$postern" serve "$@" --pidfile "$pid" 0 25 smtpd
}
postern=/opt/postern-2 pid=/run/x.pid
case $1 in start) tcpserver 0 110 p & ;; esac
`,
    ["tcpserver 0 110 p", "postern serve --pidfile /run/x.pid 0 25 smtpd"],
  ],
  ["a shell in a shell", "su nobody -c 'exec tcpserver 0 25 p'\n", [
    "tcpserver 0 25 p as nobody",
  ]],
  [
    "Debian's way",
    "start-stop-daemon --start --chuid nobody --exec /usr/bin/tcpserver -- 0 25 p\n",
    ["tcpserver 0 25 p as nobody"],
  ],
  [
    "OpenRC's",
    '#!/sbin/openrc-run\ncommand=/usr/bin/postern\ncommand_args="serve 0 25 smtpd"\n',
    ["postern serve 0 25 smtpd"],
  ],
  [
    "systemd's",
    `[Unit]
Description=tcpserver 0 1 no
[Service]
User=nobody
Environment="PORT=25" X=1
ExecStart=-/usr/bin/postern serve \\
  0 $PORT smtpd --me 'a b'
`,
    ["postern serve 0 25 smtpd --me a b as nobody"],
  ],
  [
    "systemd's, as root, whose user is who it becomes",
    "[Service]\nUser=nobody\nExecStart=!/usr/bin/postern serve 0 25 smtpd\n",
    ["postern serve 0 25 smtpd"],
  ],
  [
    "inetd's",
    "smtp stream tcp nowait nobody /usr/sbin/tcpd /usr/bin/postern smtpd --me a\n",
    ["postern serve 0 smtp /usr/bin/postern smtpd --me a as nobody"],
  ],
  [
    "xinetd's",
    `service smtp
{
  bind = 127.0.0.1
  user = nobody
  flags = NAMEINARGS
  server = /usr/bin/postern
  server_args = postern smtpd
}
`,
    ["postern serve 127.0.0.1 smtp /usr/bin/postern smtpd as nobody"],
  ],
  [
    "what only stands in a text",
    'cat <<END\ntcpserver 0 25 p\nEND\necho "tcpserver 0 25 p"\n',
    [],
  ],
  [
    "execline's",
    "#!/command/execlineb -P\n# tcpserver\nfdmove -c 2 1\ns6-setuidgid nobody\ntcpserver 0 25 p\n",
    ["tcpserver 0 25 p as nobody"],
  ],
  ["another program", "exec mytcpserver 0 25 p\n", []],
];

for (const [name, text, commands] of starts) {
  Deno.test(`what a script starts: ${name}`, () => {
    assertEquals(scriptsIn("/x/run", text).map(commandOf), commands);
  });
}

Deno.test("what a script does beside it", () => {
  const [script] = scriptsIn(
    "/x/run",
    `#!/bin/sh
ulimit -n 100
export SMTPAUTH=x HIDDEN
NOT_EXPORTED=1
cd /srv
exec softlimit -d 5 tcpserver -c $UNKNOWN -u \`id -u nosuch\` 0 25 p 2>&1 | splogger --socket /dev/other
`,
  );
  assertEquals(
    script.softLimits.map(({ kind, value }) => [kind, value]),
    [["descriptors", 100], ["data", 5]],
  );
  assertEquals(script.limits.descriptors, 100);
  assertEquals([...script.env], [["SMTPAUTH", "x"], ["HIDDEN", ""]]);
  assertEquals(script.cwd, "/srv");
  assertEquals(script.unknown, ["$UNKNOWN"]);
  assertEquals(script.lookedUp, ["nosuch"]);
  assertEquals(script.syslogSockets, ["/dev/other"]);
  assertEquals([script.isExecuted, script.isInBackground], [true, false]);
});

Deno.test("limits of a unit, in bytes", () => {
  const [{ softLimits, limits }] = scriptsIn(
    "/x.service",
    `[Service]
LimitAS=8M
LimitNOFILE=100:200
LimitSTACK=infinity
TasksMax=7
MemoryDenyWriteExecute=true
ExecStart=/usr/bin/postern serve 0 25 smtpd
`,
  );
  assertEquals(softLimits.map(({ kind, value }) => [kind, value]), [
    ["addresses", 8 << 20],
    ["descriptors", 200],
    ["tasks", 7],
    ["noExecutable", 0],
  ]);
  assertEquals(limits, { descriptors: 200, tasks: 7 });
});
