/**
 * What the executable says when it is used wrongly, or cannot be heard.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

/** Runs a test with links of the classic names in a folder. */
const withLinks = (fn: (folder: string) => Promise<void>) =>
  inFolder(async (folder) => {
    const { code } = await output(postern, ["install-links", folder]);
    assertEquals(code, 0);
    await fn(folder);
  });

Deno.test(
  needing({}, "numbers that are none end with 100, and name option and help"),
  async () => {
    const cases: [args: string[], text: string][] = [
      [["-c", "foo"], '-c wants a number above 0, not "foo"'],
      [["-c", "0"], '-c wants a number above 0, not "0"'],
      [["--limit=-3"], '--limit wants a number above 0, not "-3"'],
      [["--grace", "foo"], '--grace wants a number, not "foo"'],
      [["-b", "x"], '-b wants a number, not "x"'],
      [["-t", "x"], '-t wants a number, not "x"'],
    ];
    for (const [args, text] of cases) {
      for (const check of [[], ["--check"]]) {
        const serve = ["serve", ...check, ...args, "127.0.0.1", "0", "cat"];
        assertEquals(await output(postern, serve), {
          code: 100,
          stdout: "",
          stderr: `tcpserver: ${text}; see postern serve --help\n`,
        });
      }
    }
  },
);

Deno.test(
  needing({}, "under the classic name a number is its leading digits"),
  () =>
    withLinks(async (folder) => {
      for (const options of [["-c", "foo"], ["-b", "x"], ["-t", "5x"]]) {
        const { code, stderr } = await output(`${folder}/tcpserver`, [
          ...options,
          ...["127.0.0.1", "nosuch", "cat"],
        ]);
        assertEquals([code, stderr], [
          111,
          "tcpserver: fatal: unable to figure out port number for nosuch\n",
        ]);
      }
    }),
);

Deno.test(
  needing({}, "a wrong value in a file is told with file, block and option"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      const block = `[[listen]]\nport = 0\nprogram = ["cat"]\n`;
      const above = " (it stands above the blocks)";
      const cases: [text: string, what: string][] = [
        [
          `limit = "foo"\n${block}`,
          `1: --limit wants a number above 0, not "foo"${above}`,
        ],
        [
          `${block}${block}limit = 0\n`,
          '2: --limit wants a number above 0, not "0"',
        ],
        [`grace = -1\n${block}`, `1: --grace wants a number, not "-1"${above}`],
        [
          `${block}rate = "x"\n`,
          '1: --rate wants N/SECONDS, such as 30/60, not "x"',
        ],
        [`${block}isolate = "yes"\n`, "1: isolate is neither true nor false"],
        [
          `${block}limt = 5\n`,
          "1: unknown option '--limt' (did you mean --limit?)",
        ],
      ];
      for (const [text, what] of cases) {
        await Deno.writeTextFile(path, text);
        const { code, stderr } = await output(postern, [
          "serve",
          "--config",
          path,
        ]);
        assertEquals([code, stderr], [
          100,
          `tcpserver: ${path}: [[listen]] ${what}\n`,
        ]);
      }
    }),
);

Deno.test(
  needing({}, "every complaint has the name that was called in front"),
  () =>
    withLinks(async (folder) => {
      const cases: [program: string, args: string[], lines: string[]][] = [
        [postern, ["srve"], [
          'postern: unknown subcommand "srve"',
          "postern: did you mean serve?",
          "postern: see postern --help",
        ]],
        [postern, ["--verion"], [
          'postern: unknown option "--verion"',
          "postern: did you mean --version?",
          "postern: see postern --help",
        ]],
        [postern, ["rules", "lnit"], [
          'postern rules: unknown subcommand "lnit" (did you mean lint?); ' +
          "see postern rules --help",
        ]],
        [postern, ["rules", "dump", "--host", "x", "y"], [
          "postern rules: --host is not for dump; see postern rules --help",
        ]],
        [postern, ["rules", "get", "x"], [
          "postern rules: usage: postern rules get CDB KEY [SKIP]",
          "postern rules: see postern rules --help",
        ]],
        [postern, ["smtpd", "--rcpthots", "x"], [
          "postern smtpd: unknown option '--rcpthots' (did you mean " +
          "--rcpthosts?); see postern smtpd --help",
        ]],
        [postern, ["serve", "0", "25", "smtpd", "--policy", "x"], [
          'postern smtpd: --policy wants PATH or HOST:PORT, not "x"; ' +
          "see postern smtpd --help",
        ]],
        [postern, ["splogger", "tag", "post"], [
          "postern splogger: FACILITY wants a number up to 23, or a name " +
          'such as mail or local0, not "post"; see postern splogger --help',
        ]],
        [`${folder}/splogger`, ["--scket", "x"], [
          "splogger: unknown option '--scket' (did you mean --socket?); " +
          "see splogger --help",
        ]],
        [postern, ["init-script", "--nmae", "x", "0", "25", "cat"], [
          "postern init-script: unknown option '--nmae' (did you mean " +
          "--name?); see postern init-script --help",
        ]],
        [postern, ["install-links", "--dryrun", "x"], [
          "postern install-links: unknown option '--dryrun' (did you mean " +
          "--dry-run?); see postern install-links --help",
        ]],
        [postern, ["completion", "tcsh"], [
          'postern completion: SHELL wants bash, zsh or fish, not "tcsh"; ' +
          "see postern completion --help",
        ]],
        [`${folder}/tcprules`, ["x"], [
          "tcprules: usage: tcprules rules.cdb rules.tmp",
        ]],
      ];
      for (const [program, args, lines] of cases) {
        assertEquals(await output(program, args), {
          code: 100,
          stdout: "",
          stderr: lines.map((line) => `${line}\n`).join(""),
        });
      }
    }),
);

Deno.test(
  needing({}, "what is missing of HOST PORT PROGRAM is named"),
  async () => {
    for (
      const [args, missing] of [
        [[], "HOST, PORT and PROGRAM are missing"],
        [["0"], "PORT and PROGRAM are missing"],
        [["0", "25"], "PROGRAM is missing"],
      ] as const
    ) {
      const { code, stderr } = await output(postern, ["serve", ...args]);
      assertEquals(code, 100);
      assertMatch(stderr, /^tcpserver: usage: tcpserver \[ -1UXp.*\n.+\n$/);
      const [, last] = stderr.split("\n");
      assertEquals(last, `tcpserver: ${missing}; see postern serve --help`);
    }
  },
);

Deno.test(
  needing({}, "help SUB is its manual page, for the classic names too"),
  async () => {
    const help = async (...args: string[]) =>
      (await output(postern, args, { env: { COLUMNS: "60" } })).stdout;
    assertMatch(await help("help", "smtpd"), /^POSTERN-SMTPD\(8\) /);
    assertEquals(await help("help", "tcpserver"), await help("help", "serve"));
    assertEquals(await help("help"), await help("--help"));
    assertMatch(
      await help("help", "rules", "lint"),
      /\n {5}postern rules lint \[/,
    );
    for (const sub of ["serve", "smtpd", "rules"]) {
      for (const line of (await help(sub, "--help")).split("\n")) {
        assert(line.length <= 60, line);
      }
    }
  },
);

Deno.test(
  needing({ peers: ["script"] }, "help is as narrow as the terminal"),
  async () => {
    const line = `stty cols 50; ${postern} serve --help`;
    const { stdout } = await output("script", ["-qec", line, "/dev/null"], {
      env: { TERM: "dumb" },
    });
    const lines = stdout.split(/\r?\n/);
    assert(lines.length > 60 && Math.max(...lines.map((l) => l.length)) <= 50);
  },
);

/** All that prints, with what it needs in a folder. */
const printing: readonly string[][] = [
  ["--help"],
  ["--version"],
  ["help", "serve"],
  ["serve", "--help"],
  ["smtpd", "--help"],
  ["smtpd", "--hash-password"],
  ["splogger", "--help"],
  ["rules", "--help"],
  ["rules", "lint", "text"],
  ["rules", "lint", "--format", "json", "text"],
  ["rules", "explain", "text", "192.0.2.1"],
  ["rules", "check", "cdb"],
  ["rules", "dump", "cdb"],
  ["rules", "get", "cdb", "1"],
  ["init-script", "127.0.0.1", "25", "cat"],
  ["install-links", "--dry-run", "."],
  ["completion", "bash"],
];

const prepare = async (folder: string) => {
  const lines = Array.from(
    { length: 5000 },
    (_, i) => `10.${i >> 8}.${i & 255}.:deny`,
  );
  await Deno.writeTextFile(
    `${folder}/text`,
    `${lines.join("\n")}\n:allow\n1:deny\n`,
  );
  const { code } = await output(postern, [
    "rules",
    "compile",
    "-o",
    "cdb",
    "text",
  ], {
    cwd: folder,
  });
  assertEquals(code, 0);
};

/** Runs a command line by a shell, with a password on stdin. */
const sh = (folder: string, line: string) =>
  output("/bin/sh", ["-c", line], { cwd: folder, stdin: "secret\n" });

for (const args of printing) {
  const line = `${postern} ${args.map((arg) => `'${arg}'`).join(" ")}`;
  Deno.test(
    needing({}, `output that nobody takes: ${args.join(" ")}`),
    () =>
      inFolder(async (folder) => {
        await prepare(folder);
        const plain = await sh(folder, line);
        assert(plain.stdout !== "", plain.stderr);
        const full = await sh(folder, `${line} > /dev/full`);
        assertEquals(full.code, 111);
        assertMatch(
          full.stderr,
          /^postern[a-z -]*: fatal: unable to write the output: out of disk space\n$|^tcpserver: fatal: unable to write the output: out of disk space\n$/,
        );
        // Whoever reads has gone before the first byte, or behind the first line.
        for (const reader of [":", "head -1 >/dev/null"]) {
          const gone = await sh(
            folder,
            `(sleep 0.05; ${line}; echo $? >code) | ${reader}`,
          );
          assertEquals(gone.stderr, "", reader);
          const code = await Deno.readTextFile(`${folder}/code`);
          assertEquals(Number(code), plain.code, reader);
        }
        const closed = await sh(folder, `${line} >&-`);
        assertEquals([closed.code, closed.stdout, closed.stderr], [
          ...[plain.code, "", ""],
        ]);
      }),
  );
}

Deno.test(
  needing({}, "complaints that nobody hears keep their exit code"),
  async () => {
    for (const to of ["/dev/full", "/dev/null", "&-"]) {
      const { code, stdout } = await sh("/", `${postern} nonsense 2>${to}`);
      assertEquals([code, stdout], [100, ""], to);
    }
  },
);

Deno.test(
  needing({}, "qmail-smtpd looks at no argument, as a gate's program neither"),
  () =>
    withLinks(async (folder) => {
      const program = [`${folder}/qmail-smtpd`, "--nonsense", "-Z", "--help"];
      const env = { QMAILHOME: folder };
      const alone = await output(program[0]!, program.slice(1), {
        stdin: "QUIT\r\n",
        env,
      });
      assertEquals(alone.code, 0);
      assertMatch(alone.stdout, /^220 \S+ ESMTP\r\n221 /);
      await withGate(
        ["-RHl0", "127.0.0.1", "0", ...program],
        { env },
        async (gate) => {
          const client = await SmtpClient.connect(gate.port);
          assertMatch(await client.reply(), /^220 \S+ ESMTP\r\n$/);
          assertMatch(await client.ask("QUIT"), /^221 /);
          client.close();
        },
      );
    }),
);

Deno.test(
  needing({}, "an init script for a configuration file"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      const block =
        `[[listen]]\nhost = "127.0.0.1"\nport = 0\nprogram = ["cat"]\n`;
      const make = async (...args: string[]) => {
        const { code, stdout, stderr } = await output(postern, [
          ...["init-script", "--run-dir", folder, ...args],
        ], { cwd: folder });
        return { code, stderr: stderr.trimEnd(), stdout };
      };
      await Deno.writeTextFile(path, block);
      const without = await make("--config", path, "--name", "gate");
      assertEquals([without.code, without.stderr], [
        100,
        `postern init-script: ${path}: no pidfile, by which the script knows ` +
        `that the gate is there: write pidfile = "${folder}/gate.pid" on top`,
      ]);
      await Deno.writeTextFile(
        path,
        `pidfile = "${folder}/own.pid"\ngrace = 1\n${block}`,
      );
      // The script starts in /, so it names the file from there on.
      const relative = await make("--config", "gate.toml");
      assertEquals([relative.code, relative.stderr], [0, ""]);
      assert(relative.stdout.includes(`--config ${path}`));
      const mixed = await make("--config", path, "0", "25", "cat");
      assertEquals(mixed.code, 100);
      const { code, stdout, stderr } = await make(
        "--config",
        path,
        "--name",
        "gate",
      );
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout, /^stop_seconds=6$/m);
      const script = `${folder}/init`;
      await Deno.writeTextFile(script, stdout);
      const call = (verb: string) => output("/bin/sh", [script, verb]);
      try {
        const started = await call("start");
        assertEquals([started.code, started.stderr], [0, ""]);
        assertMatch(started.stdout, /^gate started, pid \d+\n$/);
        assertEquals((await call("status")).code, 0);
      } finally {
        assertEquals((await call("stop")).code, 0);
      }
      assertEquals((await call("status")).code, 3);
    }),
);
