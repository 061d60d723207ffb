/**
 * Listening sockets from a supervisor (sd_listen_fds(3)), who keeps them and
 * starts the gate again.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { TestGate } from "../support/gate.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const needs = { peers: ["python3"] };
const quiet = ["-v", "-R", "-H", "-l", "here"];

/**
 * What systemd does for a socket unit: arguments are the number of lives, the
 * kinds of sockets, LISTEN_FDS (empty: their number), and serve's arguments.
 */
const supervisorCode = `
import os, signal, socket, sys
lives, kinds, count, *args = sys.argv[1:]
def open_socket(kind):
    if kind == "file":
        return open("/etc/passwd")
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.bind("")
        s.listen()
    elif kind == "bound":
        s = socket.socket()
        s.bind(("127.0.0.1", 0))
    elif kind == "::1":
        s = socket.create_server((kind, 0), family=socket.AF_INET6)
    else:
        s = socket.create_server((kind, 0))
        s.setblocking(True)
    return s
sockets = [open_socket(kind) for kind in kinds.split(",") if kind]
# The test waits for a line's end, and PYTHONUNBUFFERED writes piece by piece.
print("\\n".join(str(s.getsockname()[1]) for s in sockets if kinds[0] in "1:"), flush=True)
pid = 0
signal.signal(signal.SIGTERM, lambda *_: pid and os.kill(pid, signal.SIGTERM))
for life in range(int(lives)):
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        high = [os.dup2(s.fileno(), 100 + i) for i, s in enumerate(sockets)]
        os.closerange(3, 100)
        for i, fd in enumerate(high):
            os.dup2(fd, 3 + i)
        os.closerange(100, 200)
        os.environ.update(LIFE=str(life), LISTEN_FDS=count or str(len(sockets)), LISTEN_PID=str(os.getpid()))
        os.execv(args[0], args)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0:
        sys.exit(status)
`;

const supervised = (
  lives: number,
  kinds: string[],
  args: string[],
  count = "",
) => ["-c", supervisorCode, `${lives}`, kinds.join(), count, postern, ...args];

async function greeting(hostname: string, port: number): Promise<string> {
  const conn = await Deno.connect({ hostname, port });
  return await new Response(conn.readable).text();
}

for (const host of ["127.0.0.1", "::1"]) {
  Deno.test(
    needing(needs, `a gate on a kept socket starts again: ${host}`),
    async () => {
      // HOST and PORT are not looked at: they are the supervisor's.
      const serve = ["serve", ...quiet, "192.0.2.1", "1"];
      const program = [
        "sh",
        "-c",
        "echo $PROTO $TCPLOCALIP $TCPREMOTEIP $LIFE",
      ];
      const gate = await TestGate.start(
        supervised(2, [host], [...serve, ...program]),
        { program: "python3", asGiven: true },
      );
      const told = `${host === "::1" ? "TCP6" : "TCP"} ${host} ${host} `;
      const gates = new Set<string>();
      const ask = async () => {
        const answer = await greeting(host, gate.port);
        assertEquals(answer.slice(0, told.length), told);
        gates.add(answer);
      };
      try {
        await ask();
        gate.child.kill("SIGTERM");
        // Nobody is refused meanwhile; the socket's queue holds them.
        while (gates.size === 1) await ask();
        gate.child.kill("SIGTERM");
        assertEquals((await gate.child.status).code, 0);
      } finally {
        await gate.stop("SIGTERM");
      }
    },
  );
}

Deno.test(
  needing(needs, "each block of a file has its own socket, in order"),
  () =>
    inFolder(async (folder) => {
      const block = (mark: string) =>
        `[[listen]]\nport = 25\nprogram = ["echo", "${mark}"]\n`;
      await Deno.writeTextFile(
        `${folder}/gate.toml`,
        `remote-name = false\nremote-info = false\nverbose = true\n` +
          block("one") + block("two"),
      );
      const serve = ["serve", "--config", `${folder}/gate.toml`];
      const gate = await TestGate.start(
        supervised(1, ["127.0.0.1", "::1"], serve),
        { program: "python3", asGiven: true },
      );
      try {
        assertEquals(gate.ports.length, 2);
        assertEquals(await greeting("127.0.0.1", gate.ports[0]), "one\n");
        assertEquals(await greeting("::1", gate.ports[1]), "two\n");
        assertEquals((await gate.stop()).code, 0);
      } finally {
        await gate.stop();
      }
    }),
);

Deno.test(
  needing(needs, "sockets that cannot be right are refused"),
  async () => {
    const local = [...quiet, "127.0.0.1", "0", "cat"];
    const wrong: [
      kinds: string[],
      count: string,
      why: string,
      flags?: string[],
    ][] = [
      [["127.0.0.1", "::1"], "", "2 sockets, not 1"],
      [["127.0.0.1"], "2", "2 sockets, not 1"],
      [["127.0.0.1"], "999999", "999999 sockets, not 1"],
      [["127.0.0.1"], "1x", '"1x" is no number'],
      [["127.0.0.1"], "-1", '"-1" is no number'],
      [[], "1", "file descriptor not open"],
      [["file"], "1", "descriptor 3 is no listening socket"],
      [["unix"], "1", "descriptor 3 is no listening socket"],
      [["bound"], "1", "descriptor 3 is no listening socket"],
      [["127.0.0.1"], "1", "there are --workers", ["--workers", "2"]],
    ];
    for (const [kinds, count, why, flags = []] of wrong) {
      const { code, stderr } = await output(
        "python3",
        supervised(1, kinds, ["serve", ...flags, ...local], count),
      );
      assertEquals([code, stderr], [
        111,
        `tcpserver: fatal: unable to use LISTEN_FDS: ${why}\n`,
      ]);
    }
  },
);

Deno.test(
  needing({}, "a descriptor for readiness has to be open"),
  async () => {
    for (const workers of ["1", "2"]) {
      const { code, stderr } = await output("/bin/sh", [
        "-c",
        `exec ${postern} serve --ready-fd 9 --workers ${workers} 127.0.0.1 0 cat 9>&-`,
      ]);
      assertEquals(code, 111);
      assertMatch(
        stderr,
        /unable to use --ready-fd 9: file descriptor not open/,
      );
    }
  },
);

Deno.test(
  needing(needs, "the built-in smtpd serves a kept socket in process"),
  () =>
    inFolder(async (folder) => {
      const serve = ["serve", ...quiet, "192.0.2.1", "1"];
      const smtpd = ["smtpd", "--maildir", `${folder}/m`];
      const gate = await TestGate.start(
        supervised(1, ["127.0.0.1"], [...serve, ...smtpd]),
        { program: "python3", asGiven: true },
      );
      try {
        const client = await SmtpClient.connect(gate.port);
        assertMatch(await client.reply(), /^220 /);
        assertMatch(await client.ask("QUIT"), /^221 /);
        client.close();
        // A number that is counted, not a process's.
        await gate.logged(/: pid 1 from 127\.0\.0\.1\n/);
        await gate.logged(/: end 1 status 0\n/);
      } finally {
        await gate.stop();
      }
    }),
);
