/**
 * The gate as a program: its exits, its log, its children, its refusals.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const quiet = ["-RHl0"];

/** Everything that a connection brings until its end. */
async function fetchAll(port: number): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  return await new Response(conn.readable).text().catch(() => "");
}

Deno.test(
  needing({}, "an external program gets the socket and the environment"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/rules`, '127.:allow,COLOUR="red"\n');
      const compiled = await output(postern, [
        ...["rules", "compile", "-o", `${folder}/cdb`, `${folder}/rules`],
      ]);
      assertEquals([compiled.code, compiled.stderr], [0, ""]);
      const script = 'read line; echo "got $line"; env | sort; ' +
        "ls -l /proc/$$/fd | grep -c socket:; sleep 0.1; exit 7";
      await withGate(
        [
          ...quiet,
          "-v",
          "-x",
          `${folder}/cdb`,
          "127.0.0.1",
          "0",
          "sh",
          "-c",
          script,
        ],
        { env: { TCPREMOTEHOST: "stale", TCPREMOTEINFO: "stale" } },
        async (gate) => {
          const conn = await Deno.connect({
            hostname: "127.0.0.1",
            port: gate.port,
          });
          const { port: ours } = conn.localAddr as Deno.NetAddr;
          await conn.write(new TextEncoder().encode("hello\n"));
          const lines = (await new Response(conn.readable).text()).split("\n");
          assertEquals(lines[0], "got hello");
          const environment = lines.filter((line) =>
            /^(TCP|PROTO|COLOUR)/.test(line)
          );
          assertEquals(environment, [
            "COLOUR=red",
            "PROTO=TCP",
            "TCPLOCALHOST=0",
            "TCPLOCALIP=127.0.0.1",
            `TCPLOCALPORT=${gate.port}`,
            "TCPREMOTEIP=127.0.0.1",
            `TCPREMOTEPORT=${ours}`,
          ]);
          assert(lines.includes("2"), "fd 0 and 1, and no other socket");
          await gate.logged(/end \d+ status 1792\ntcpserver: status: 0\/40\n/);
          const pid = /pid (\d+) from/.exec(gate.log)![1];
          assertEquals(
            gate.log,
            [
              "status: 0/40",
              "status: 1/40",
              `pid ${pid} from 127.0.0.1`,
              `ok ${pid} 0:127.0.0.1:${gate.port} :127.0.0.1::${ours}`,
              `end ${pid} status 1792`,
              "status: 0/40",
            ].map((line) => `tcpserver: ${line}\n`).join(""),
          );
        },
      );
    }),
);

Deno.test(
  needing({ root: true }, "the ids are dropped for good, groups included"),
  () =>
    withGate(
      [
        ...quiet,
        "-u1234",
        "-g",
        "2345",
        "127.0.0.1",
        "0",
        "cat",
        "/proc/self/status",
      ],
      {},
      async (gate) => {
        const status = await fetchAll(gate.port);
        assertMatch(status, /^Uid:(\t1234){4}$/m);
        assertMatch(status, /^Gid:(\t2345){4}$/m);
        assertMatch(status, /^Groups:\s*$/m);
        const tasks = `/proc/${gate.child.pid}/task`;
        for (const { name } of Deno.readDirSync(tasks)) {
          const own = Deno.readTextFileSync(`${tasks}/${name}/status`);
          assertMatch(own, /^Uid:(\t1234){4}$/m);
          assertMatch(own, /^Groups:\s*$/m);
        }
      },
    ),
);

for (
  const [name, args, code, error] of [
    ["a usage error", ["-v"], 100, /^tcpserver: usage: tcpserver \[ -1UXp/],
    [
      "an unknown flag",
      ["-vZ", "0", "0", "cat"],
      100,
      /^tcpserver: illegal option -- Z\ntcpserver: usage: /,
    ],
    [
      "a missing value",
      ["-c"],
      100,
      /^tcpserver: option requires an argument -- c\n/,
    ],
    [
      "an unknown port",
      ["127.0.0.1", "nosuch", "cat"],
      111,
      /^tcpserver: fatal: unable to figure out port number for nosuch\n$/,
    ],
    [
      "an unknown user",
      ["-u", "nosuch", "127.0.0.1", "0", "cat"],
      111,
      /^tcpserver: fatal: unable to set uid: unknown user nosuch\n$/,
    ],
    [
      "an address of somebody else",
      ["192.0.2.1", "0", "cat"],
      111,
      /^tcpserver: fatal: unable to bind: address not available\n$/,
    ],
    [
      "a missing program",
      ["127.0.0.1", "0", "/no/such"],
      111,
      /^tcpserver: fatal: unable to run \/no\/such: /,
    ],
    [
      "a wrong option of smtpd",
      ["127.0.0.1", "0", "smtpd", "--deliver", "x"],
      100,
      /^postern smtpd: --deliver wants /,
    ],
    ["silence", ["-q", "127.0.0.1", "nosuch", "cat"], 111, /^$/],
  ] as const
) {
  Deno.test(needing({}, `at the start: ${name}`), async () => {
    const result = await output(postern, ["serve", ...args]);
    assertMatch(result.stderr, error);
    assertEquals(result.code, code);
  });
}

Deno.test(
  needing({}, "a port in use is one line and 111, in process and not"),
  () =>
    withGate([...quiet, "127.0.0.1", "0", "cat"], {}, async (gate) => {
      for (const program of ["cat", "smtpd"]) {
        const result = await output(postern, [
          ...["serve", "127.0.0.1", `${gate.port}`, program],
        ]);
        assertEquals(
          [result.code, result.stderr],
          [111, "tcpserver: fatal: unable to bind: address already used\n"],
        );
      }
    }),
);

Deno.test(
  needing({}, "nobody reads the port of -1, and the gate serves"),
  async () => {
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const child = new Deno.Command(postern, {
      args: ["serve", "-1", ...quiet, "127.0.0.1", `${port}`, "echo", "hello"],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    await child.stdout.cancel(); // long before there is anything to read
    const reach = () => fetchAll(port).catch(() => "");
    try {
      await until("it serves", async () => await reach() === "hello\n");
    } finally {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended, which is what the test is about.
      }
      await child.status;
    }
  },
);

Deno.test(
  needing({}, "whatever is wrong with the rules denies, and says so each time"),
  () =>
    inFolder(async (folder) => {
      const cdb = `${folder}/cdb`;
      await Deno.writeTextFile(`${folder}/rules`, ":allow\n");
      const compile = () =>
        output(postern, ["rules", "compile", "-o", cdb, `${folder}/rules`]);
      await compile();
      const whole = await Deno.readFile(cdb);
      const wrong: [string, () => Promise<void>][] = [
        ["missing", () => Deno.remove(cdb)],
        ["empty", () => Deno.writeFile(cdb, new Uint8Array())],
        ["truncated", () => Deno.writeFile(cdb, whole.subarray(0, 100))],
        [
          "without its end",
          () => Deno.writeFile(cdb, whole.subarray(0, whole.length - 9)),
        ],
        [
          "full of 0xff",
          () => Deno.writeFile(cdb, new Uint8Array(3000).fill(0xff)),
        ],
        ["a folder", async () => {
          await Deno.remove(cdb);
          await Deno.mkdir(cdb);
        }],
      ];
      for (const program of [["smtpd"], ["echo", "220 hello"]]) {
        await withGate(
          [...quiet, "-x", cdb, "127.0.0.1", "0", ...program],
          { cwd: folder },
          async (gate) => {
            assertMatch(
              await new Promise<string>((resolve) =>
                SmtpClient.connect(gate.port).then(async (client) => {
                  const reply = await client.reply();
                  client.close();
                  resolve(reply);
                })
              ),
              /^220 /,
            );
            let complaints = 0;
            for (const [what, spoil] of wrong) {
              await spoil();
              for (let i = 0; i < 2; i++) {
                assertEquals(await fetchAll(gate.port), "", what);
                complaints++;
              }
              const line =
                /warning: dropping connection, unable to read \S+: \S/g;
              await until(
                `${complaints} complaints after "${what}" in ${gate.log}`,
                () => gate.log.match(line)?.length === complaints,
              );
            }
            await Deno.remove(cdb);
            await compile();
            assertMatch(await fetchSome(gate.port), /^220 /);
          },
        );
      }
    }),
);

async function fetchSome(port: number): Promise<string> {
  const client = await SmtpClient.connect(port);
  const reply = await client.reply();
  client.close();
  return reply;
}

Deno.test(
  needing({}, "at the limit the next client waits, and is served later"),
  () =>
    withGate(
      [
        ...quiet,
        "-c1",
        "-v",
        "127.0.0.1",
        "0",
        "smtpd",
        "--deliver",
        "discard",
      ],
      {},
      async (gate) => {
        const first = await SmtpClient.connect(gate.port);
        assertMatch(await first.reply(), /^220/);
        const second = await SmtpClient.connect(gate.port);
        const reply = second.reply();
        assertMatch(await first.ask("NOOP"), /^250/);
        assert(!gate.log.includes("status: 2/1"), gate.log);
        assertMatch(await first.ask("QUIT"), /^221/);
        first.close();
        assertMatch(await reply, /^220/);
        second.close();
      },
    ),
);

Deno.test(
  needing({}, "a banner comes first, even to the denied"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/rules`, ":deny\n");
      await output(postern, [
        "rules",
        "compile",
        "-o",
        `${folder}/cdb`,
        `${folder}/rules`,
      ]);
      for (const program of ["smtpd", "cat"]) {
        await withGate(
          [
            ...quiet,
            "-v",
            "-B",
            "hello\n",
            "-x",
            `${folder}/cdb`,
            "127.0.0.1",
            "0",
            program,
          ],
          { cwd: folder },
          async (gate) => {
            assertEquals(await fetchAll(gate.port), "hello\n");
            await gate.logged(/deny \d+ .*\ntcpserver: end \d+ status 25600\n/);
          },
        );
      }
    }),
);

Deno.test(
  needing({}, "TERM lets a session end, refuses new ones, and leaves with 0"),
  () =>
    inFolder((folder) =>
      withGate(
        [...quiet, "--pidfile", `${folder}/pid`, "127.0.0.1", "0", "smtpd"],
        { cwd: folder },
        async (gate) => {
          const pidfile = await Deno.readTextFile(`${folder}/pid`);
          assertEquals(pidfile, `${gate.child.pid}\n`);
          const client = await SmtpClient.connect(gate.port);
          assertMatch(await client.reply(), /^220/);
          gate.child.kill("SIGTERM");
          await until("nobody listens", async () => {
            try {
              (await Deno.connect({ hostname: "127.0.0.1", port: gate.port }))
                .close();
              return false;
            } catch {
              return true;
            }
          });
          assertMatch(await client.ask("NOOP"), /^250/);
          assertMatch(await client.ask("QUIT"), /^221/);
          client.close();
          assertEquals((await gate.child.status).code, 0);
          assertEquals([...Deno.readDirSync(folder)], []);
        },
      )
    ),
);

for (const workers of ["1", "2"]) {
  Deno.test(
    needing({}, `-1 has to be read by nobody: ${workers} workers`),
    async () => {
      const child = new Deno.Command(postern, {
        args: [
          ...["serve", "-1v", "--workers", workers, "127.0.0.1", "0", "cat"],
        ],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      await child.stdout.cancel();
      const reader = child.stderr.getReader();
      const { value } = await reader.read();
      child.kill("SIGTERM");
      assertEquals(
        new TextDecoder().decode(value),
        "tcpserver: status: 0/40\n",
      );
      assertEquals((await child.status).code, 0);
      await reader.cancel();
    },
  );
}

for (const [letter, kind] of [["u", "user"], ["g", "group"]]) {
  Deno.test(
    needing(
      { peers: ["unshare"], root: true },
      `at the start: no file to look up a ${kind} in`,
    ),
    async () => {
      const script = 'mount -t tmpfs none /etc && exec "$@"';
      const serve = [
        postern,
        "serve",
        `-${letter}`,
        "nobody",
        "::1",
        "0",
        "cat",
      ];
      const { code, stderr } = await output("unshare", [
        ...["-m", "sh", "-c", script, "sh", ...serve],
      ]);
      assertEquals(
        stderr,
        `tcpserver: fatal: unable to look up ${kind} nobody: ` +
          "file does not exist\n",
      );
      assertEquals(code, 111);
    },
  );
}
