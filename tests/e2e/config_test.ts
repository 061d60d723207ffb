/**
 * Several addresses in one process, from a file; and looking before starting.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { fetchAll, isServed } from "../support/weather.ts";

const head = `verbose = true
remote-name = false
remote-info = false
`;

Deno.test(
  needing({}, "each block has its own program, rules and limits"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/rules`, "127.:deny\n");
      await output(postern, [
        ...["rules", "compile", "-o", `${folder}/cdb`, `${folder}/rules`],
      ]);
      // Ports are known by -1: one a line, in the order of the file.
      await Deno.writeTextFile(
        `${folder}/gate.toml`,
        `${head}print-port = true
[[listen]]
host = "127.0.0.1"
port = 0
local-name = "one"
limit = 7
program = ["smtpd", "--deliver", "discard"]

[[listen]]
host = "127.0.0.1"
port = 0
local-name = "two"
banner = "hello "
limit = 9
rules = "${folder}/cdb"
program = ["cat"]
`,
      );
      const gate = await TestGate.start(
        ["-c", `exec ${postern} serve --config ${folder}/gate.toml`],
        { program: "/bin/sh", asGiven: true },
      );
      try {
        await gate.logged(/status: 0\/7\ntcpserver: status: 0\/9\n/);
        const client = await SmtpClient.connect(gate.port);
        assertMatch(await client.reply(), /^220/);
        await gate.logged(/ok 1 one:127\.0\.0\.1:/);
        const denied = await Deno.connect({ port: gate.ports[1] });
        assertEquals(await new Response(denied.readable).text(), "hello ");
        await gate.logged(/deny \d+ two:127\.0\.0\.1:/);
        client.close();
        assertEquals((await gate.stop()).code, 0);
      } finally {
        await gate.stop();
      }
    }),
);

Deno.test(
  needing({}, "what is false is not asked for, or its opposite"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      await Deno.writeTextFile(
        path,
        `print-port = true\nquiet = false\nverbose = true\nerrors = false
remote-info = false\nno-remote-name = true\nlocal-name = "0"\nisolate = true
[[listen]]\nhost = "127.0.0.1"\nport = 0\nisolate = false
no-keep-ip-options = false\nprogram = ["smtpd", "--deliver", "discard"]\n`,
      );
      const serve = ["serve", "--config", path];
      await withGate(
        serve,
        { program: postern, asGiven: true },
        async (gate) => {
          assert(await isServed(gate.port));
          // A connection's number, not a pid.
          await gate.logged(/^tcpserver: pid 1 from 127\.0\.0\.1$/m);
        },
      );
    }),
);

Deno.test(
  needing({}, "no more workers than the smallest limit has slots for"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      const block = (limit: number) =>
        `[[listen]]\nhost = "127.0.0.1"\nport = 0\nlimit = ${limit}\n` +
        `program = ["smtpd", "--deliver", "discard"]\n`;
      await Deno.writeTextFile(
        path,
        `${head}print-port = true\nworkers = 4\n${block(8)}${block(2)}`,
      );
      const serve = ["serve", "--config", path];
      await withGate(
        serve,
        { program: postern, asGiven: true },
        async ({ child, ports }) => {
          assertEquals(childrenOf(child.pid).length, 2);
          for (const port of ports) assert(await isServed(port));
        },
      );
    }),
);

for (const workers of [1, 2]) {
  for (const program of [`["smtpd", "--deliver", "discard"]`, `["env"]`]) {
    Deno.test(
      needing({}, `a file is read once: ${workers} workers, ${program}`),
      () =>
        inFolder(async (folder) => {
          // Longer than a variable or a pipe could hold.
          const text = `${head}print-port = true\nworkers = ${workers}\n` +
            `# ${"long ".repeat(40_000)}\n` +
            `[[listen]]\nhost = "127.0.0.1"\nport = 0\nlocal-name = "first"\n` +
            `program = ${program}\n`;
          await Deno.writeTextFile(`${folder}/file`, text);
          await withGate(
            [
              "-c",
              `exec ${postern} serve --config <(cat ${folder}/file)`,
            ],
            { program: "/bin/bash", asGiven: true },
            async (gate) => {
              const answer = async () => {
                const conn = await Deno.connect({ port: gate.port });
                await conn.closeWrite();
                return await new Response(conn.readable).text();
              };
              assertMatch(await answer(), /^220 |^TCPLOCALHOST=first$/m);
              assertEquals(/POSTERN_TEXT/.test(await answer()), false);
            },
          );
        }),
    );
  }
}

Deno.test(
  needing({}, "a worker that starts again does so as all were started"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      const block = (name: string) =>
        `[[listen]]\nhost = "127.0.0.1"\nport = 0\nprogram = ["echo", "${name}"]\n`;
      await Deno.writeTextFile(
        path,
        `${head}print-port = true\nworkers = 2\n${block("one")}${block("two")}`,
      );
      const serve = ["serve", "--config", path];
      await withGate(
        serve,
        { program: postern, asGiven: true },
        async ({ child, ports }) => {
          await Deno.writeTextFile(path, `${block("two")}colour = 1\n`);
          for (const pid of childrenOf(child.pid)) Deno.kill(pid, "SIGKILL");
          for (const [i, name] of ["one\n", "two\n"].entries()) {
            await until(
              "an answer",
              async () => await fetchAll(ports[i]).catch(() => "") === name,
            );
          }
        },
      );
    }),
);

Deno.test(
  needing({}, "a wrong file is told by line or block"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      const listen = `[[listen]]\nport = 0\nprogram = ["cat"]\n`;
      const wrong: [string, string][] = [
        ["x = \n", `${path}: line 1, column`],
        [head, `${path}: no [[listen]] with host, port and program`],
        ["port = 25\n" + listen, `${path}: port is for a [[listen]]`],
        ["[[listen]]\nport = 25\n", `[[listen]] 1: program is no list`],
        [`[[listen]]\nprogram = ["cat"]\n`, `[[listen]] 1: port is missing`],
        [
          listen + listen + "colour = 1\n",
          "[[listen]] 2: unknown option '--colour",
        ],
        [listen + "uid = 1\n", "[[listen]] 1: uid is for the whole process"],
        [
          listen + "v = true\n",
          "[[listen]] 1: v: options have their long names",
        ],
        [listen + "rate = 5\n", "[[listen]] 1: --rate wants N/SECONDS"],
        [
          "rules = true\n" + listen,
          "[[listen]] 1: rules wants a value, not true",
        ],
        ["help = true\n" + listen, "[[listen]] 1: help cannot be in a file"],
        ["check = true\n" + listen, "1: check cannot be in a file"],
        [listen + `config = "x"\n`, "1: config cannot be in a file"],
        ["colour = false\n" + listen, "1: unknown option '--colour'"],
        ["rules = false\n" + listen, "1: rules wants a value, not false"],
        [
          listen.replace(`"cat"`, `"smtpd", "--nonsense"`),
          `${path}: [[listen]] 1: postern smtpd: `,
        ],
        ["limit = {}\n" + listen, "[[listen]] 1: limit is neither a text"],
      ];
      for (const [text, message] of wrong) {
        await Deno.writeTextFile(path, text);
        const { code, stderr } = await output(postern, [
          ...["serve", "--config", path],
        ]);
        assertEquals([code, stderr.includes(message)], [100, true], stderr);
      }
      const both = await output(postern, [
        ...["serve", "--config", path, "0", "25", "cat"],
      ]);
      assertEquals(both.code, 100);
      await Deno.writeTextFile(path, listen);
      for (const flag of ["-u1", "--workers=2", "--pidfile=x", "-q", "-H"]) {
        for (const also of [[], ["--check"]]) {
          const { code, stderr } = await output(postern, [
            ...["serve", ...also, flag, "--config", path],
          ]);
          assertEquals(code, 100, flag);
          assertMatch(
            stderr,
            /^tcpserver: --[-a-z]+ does not count with --con/,
          );
        }
      }
      await Deno.writeTextFile(
        path,
        listen + listen.replace("cat", "no-such-program"),
      );
      const noProgram = await output(postern, ["serve", "--config", path]);
      assertEquals([noProgram.code, noProgram.stderr], [
        111,
        `tcpserver: ${path}: [[listen]] 2: unable to run no-such-program: ` +
        "no such program\n",
      ]);
      const missing = await output(postern, ["serve", "--config", "/nowhere"]);
      assertEquals([missing.code, missing.stderr], [
        111,
        "tcpserver: fatal: unable to read /nowhere: file does not exist\n",
      ]);
    }),
);

Deno.test(
  needing({}, "--check looks at everything and binds nothing"),
  () =>
    inFolder(async (folder) => {
      const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const port = `${taken.addr.port}`;
      await Deno.writeTextFile(`${folder}/bad.cdb`, "short");
      const check = async (...args: string[]) => {
        const { code, stderr } = await output(postern, [
          ...["serve", "--check", ...args],
        ]);
        return [code, stderr.split("\n")[0]];
      };
      const smtpd = ["smtpd", "--deliver", "discard"];
      assertEquals(await check("127.0.0.1", port, ...smtpd), [0, ""]);
      taken.close();
      assertEquals(await check("0", "nowhere", "cat"), [
        100,
        "tcpserver: unable to figure out port number for nowhere",
      ]);
      assertEquals(await check("-x", `${folder}/bad.cdb`, "0", "25", "cat"), [
        100,
        `tcpserver: unable to read ${folder}/bad.cdb: it is a text: compile it first`,
      ]);
      assertEquals(await check("-x", `${folder}/no.cdb`, "0", "25", "cat"), [
        100,
        `tcpserver: unable to read ${folder}/no.cdb: file does not exist`,
      ]);
      assertEquals(await check("0", "25", "no-such-program"), [
        100,
        "tcpserver: fatal: unable to run no-such-program: no such program",
      ]);
      assertEquals(await check("-u", "nobody-at-all", "0", "25", "cat"), [
        100,
        "tcpserver: fatal: unable to set uid: unknown user nobody-at-all",
      ]);
      assertEquals((await check("0", "25", "smtpd", "--nonsense"))[0], 100);
      assertEquals(await check("fe80::1%nosuch", "25", "cat"), [
        100,
        "tcpserver: unable to bind: device does not exist",
      ]);
      for (
        const [path, why] of [
          [`${folder}/none/pid`, "file does not exist"],
          [folder, "is a directory"],
          // Only root may make anything in its folder.
          [
            "/dev/null",
            Deno.uid() === 0 ? "is no regular file" : "access denied",
          ],
        ]
      ) {
        assertEquals(await check("--pidfile", path, "0", "25", "cat"), [
          100,
          `tcpserver: unable to write ${path}: ${why}`,
        ]);
      }
      const pid = `${folder}/pid`;
      for (const text of [null, "123\n"]) {
        if (text !== null) await Deno.writeTextFile(pid, text);
        const pidfile = ["--pidfile", pid, "0", "25", "cat"];
        assertEquals(await check(...pidfile), [0, ""]);
        const there = await Deno.readTextFile(pid).catch(() => null);
        assertEquals(there, text);
      }
      await Deno.writeTextFile(
        `${folder}/two.toml`,
        `[[listen]]\nport = 25\nprogram = ["cat"]\n`.repeat(2),
      );
      assertEquals(await check("--config", `${folder}/two.toml`), [
        100,
        "tcpserver: block 2: 0.0.0.0 port 25 is block 1's already",
      ]);
      for (const workers of [1, 2]) {
        const path = `${folder}/taken.toml`;
        await Deno.writeTextFile(
          path,
          `workers = ${workers}\n` +
            `[[listen]]\nport = ${port}\nhost = "127.0.0.1"\nprogram = ["cat"]\n`
              .repeat(2),
        );
        const { code, stderr } = await output(postern, [
          ...["serve", "--config", path],
        ]);
        assertEquals([code, stderr], [
          111,
          "tcpserver: fatal: unable to bind: address already used\n",
        ]);
      }
    }),
);

Deno.test(
  needing({}, "many addresses with programs: more than there are threads"),
  () =>
    inFolder(async (folder) => {
      const block = `[[listen]]
host = "127.0.0.1"
port = 0
local-name = "x"
limit = 3
program = ["echo", "hello"]
`;
      await Deno.writeTextFile(
        `${folder}/gate.toml`,
        `${head}print-port = true\n${block.repeat(50)}`,
      );
      const gate = await TestGate.start(
        ["serve", "--config", `${folder}/gate.toml`],
        { program: postern, asGiven: true },
      );
      try {
        assertEquals(gate.ports.length, 50);
        for (const port of [...gate.ports, ...gate.ports]) {
          const conn = await Deno.connect({ port });
          assertEquals(await new Response(conn.readable).text(), "hello\n");
        }
        const ends = () => [...gate.log.matchAll(/: end \d+ status 0\n/g)];
        await until("all have ended", () => ends().length === 100);
        assertEquals((await gate.stop()).code, 0);
      } finally {
        await gate.stop("SIGKILL");
      }
    }),
);

Deno.test(
  needing({ root: true }, "--check reads the rules as who will read them"),
  () =>
    inFolder(async (folder) => {
      const cdb = `${folder}/cdb`;
      await Deno.writeTextFile(`${folder}/rules`, ":allow\n");
      await output(postern, [
        ...["rules", "compile", "-o", cdb, `${folder}/rules`],
      ]);
      const check = async (...ids: string[]) => {
        const { code, stderr } = await output(postern, [
          ...["serve", "--check", ...ids, "-x", cdb, "0", "25", "cat"],
        ]);
        return [code, stderr];
      };
      const unreadable = [
        100,
        `tcpserver: unable to read ${cdb}: access denied\n`,
      ];
      await Deno.chmod(cdb, 0o600);
      assertEquals(await check(), [0, ""]);
      assertEquals(await check("-u", "65534"), unreadable);
      await Deno.chown(cdb, 0, 65533);
      await Deno.chmod(cdb, 0o640);
      assertEquals(await check("-u", "65534", "-g", "65533"), [0, ""]);
      assertEquals(await check("-u", "65534", "-g", "65534"), unreadable);
    }),
);
