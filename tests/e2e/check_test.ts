/**
 * `postern serve --check`: every file, folder and program that options name, as
 * the user that would use it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  makeCertificate,
  makeDatedCertificate,
} from "../support/certificate.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const nobody = 65534;

/** Exit code and lines of a check, without the program's name. */
async function check(
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<{ code: number; lines: string[] }> {
  const serve = ["serve", "--check", ...args];
  const { code, stdout, stderr } = await output(postern, serve, options);
  assertEquals(stdout, "");
  const lines = stderr.split("\n").slice(0, -1).map((line) => {
    assert(line.startsWith("tcpserver: "), line);
    return line.replace("tcpserver: ", "");
  });
  return { code, lines };
}

/** What may be at a path, and who may read it. */
const states: Record<string, (path: string) => Promise<unknown>> = {
  missing: () => Promise.resolve(),
  forbidden: (path) => Deno.writeTextFile(path, "x\n", { mode: 0o600 }),
  folder: (path) => Deno.mkdir(path, { mode: 0o755 }),
  fifo: (path) => output("mkfifo", ["-m", "755", path]),
  empty: (path) => Deno.writeTextFile(path, ""),
  binary: (path) =>
    Deno.writeFile(path, Uint8Array.from({ length: 3000 }, (_, i) => i)),
};

/** What is said in which state; a path stands for itself. */
type Said = Record<keyof typeof states, string | null>;

const ofList = (option: string): Said => ({
  missing: `${option}: unable to read PATH: file does not exist`,
  forbidden: `${option}: unable to read PATH: access denied`,
  folder: `${option}: unable to read PATH: is a directory`,
  fifo: `${option}: unable to read PATH: it is a FIFO`,
  empty: null,
  binary: "PATH: this is no text",
});

const ofProgram = (option: string): Said => ({
  missing: `${option}unable to run PATH: file does not exist`,
  forbidden: `${option}unable to run PATH: access denied`,
  folder: `${option}unable to run PATH: is a directory`,
  fifo: `${option}unable to run PATH: it is no file`,
  empty: `${option}unable to run PATH: exec format error: ` +
    "it needs a first line such as #!/bin/sh",
  binary: null, // the kernel may know it
});

/** Root reads them, so it is not the user's right that counts. */
const ofPem = (what: string): Said => ({
  missing: "unable to read PATH: file does not exist",
  forbidden: `unable to use PATH: no ${what} in PEM is in it`,
  folder: "unable to read PATH: is a directory",
  fifo: "unable to read PATH: it is a FIFO",
  empty: `unable to use PATH: no ${what} in PEM is in it`,
  binary: `unable to use PATH: no ${what} in PEM is in it`,
});

const notRegular = "unable to read PATH: not a regular file";
const noFolder = "not a directory";

/** Options of smtpd, and what is said of the path that they name. */
const smtpdOptions: [option: string, args: string[], said: Said][] = [
  ...["--rcpthosts", "--badmailfrom", "--badrcptto"].map((
    option,
  ): [string, string[], Said] => [option, [option, "PATH"], ofList(option)]),
  ["--recipients", ["--recipients", "PATH"], {
    ...ofList("--recipients"),
    folder: `--recipients: ${notRegular}`,
    fifo: `--recipients: ${notRegular}`,
  }],
  ["--recipients, a cdb", ["--recipients", "PATH.cdb"], {
    ...ofList("--recipients"),
    folder: `--recipients: ${notRegular}`,
    fifo: `--recipients: ${notRegular}`,
    empty: "--recipients: unable to read PATH: it is empty",
    binary:
      "--recipients: unable to read PATH: damaged: table 1 is not where it should be",
  }],
  ["--passwords", ["--passwords", "PATH"], {
    ...ofList("--passwords"),
    empty: "PATH: nobody is in it",
  }],
  [
    "--checkpassword",
    ["--checkpassword", "PATH /bin/true"],
    ofProgram("--checkpassword: "),
  ],
  ["a queue program", ["--deliver", "qmail-queue:PATH"], ofProgram("")],
  ["--policy", ["--policy", "PATH"], {
    missing: "--policy: unable to connect to PATH: file does not exist",
    forbidden: "--policy: unable to connect to PATH: access denied",
    folder: "--policy: unable to connect to PATH: connection refused",
    fifo: "--policy: unable to connect to PATH: connection refused",
    empty: "--policy: unable to connect to PATH: connection refused",
    binary: "--policy: unable to connect to PATH: connection refused",
  }],
  ["--control", ["--me", "m", "--control", "PATH"], {
    missing: "--control: unable to read PATH: file does not exist",
    forbidden: `--control: unable to read PATH: ${noFolder}`,
    folder: null,
    fifo: `--control: unable to read PATH: ${noFolder}`,
    empty: `--control: unable to read PATH: ${noFolder}`,
    binary: `--control: unable to read PATH: ${noFolder}`,
  }],
  ["--maildir", ["--maildir", "PATH"], {
    missing: "unable to deliver to PATH: FOLDER: access denied",
    forbidden: `unable to deliver to PATH: ${noFolder}`,
    folder: null,
    fifo: `unable to deliver to PATH: ${noFolder}`,
    empty: `unable to deliver to PATH: ${noFolder}`,
    binary: `unable to deliver to PATH: ${noFolder}`,
  }],
  ["--maildir for users", ["--maildir", "PATH/{user}"], {
    missing: "unable to deliver to PATH/{user}: PATH: file does not exist",
    forbidden: `unable to deliver to PATH/{user}: PATH: ${noFolder}`,
    folder: null,
    fifo: `unable to deliver to PATH/{user}: PATH: ${noFolder}`,
    empty: `unable to deliver to PATH/{user}: PATH: ${noFolder}`,
    binary: `unable to deliver to PATH/{user}: PATH: ${noFolder}`,
  }],
  ["--tls-cert", ["--tls-cert", "PATH"], ofPem("certificate")],
  [
    "--tls-key",
    ["--tls-cert", "CERTIFICATE", "--tls-key", "PATH"],
    ofPem("private key"),
  ],
];

/** Options of serve, as keys of a file. */
const serveOptions: [option: string, keys: string, said: Said][] = [
  ["--rules", `rules = "PATH"`, {
    ...ofList(""),
    missing: "unable to read PATH: file does not exist",
    forbidden: "unable to read PATH: access denied",
    folder: notRegular,
    fifo: notRegular,
    empty: "unable to read PATH: it is empty",
    binary: "unable to read PATH: damaged: table 1 is not where it should be",
  }],
  ["--tls-cert of serve", `tls-cert = "PATH"`, ofPem("certificate")],
  [
    "--tls-key of serve",
    `tls-cert = "CERTIFICATE"\ntls-key = "PATH"`,
    ofPem("private key"),
  ],
];

for (const state of Object.keys(states)) {
  Deno.test(
    needing(
      { root: true, peers: ["openssl"] },
      `what options name is looked at as its user: ${state}`,
    ),
    () =>
      inFolder(async (folder) => {
        const { certPath } = await makeCertificate(folder);
        const expected: string[] = [];
        let file = `uid = ${nobody}\ngid = ${nobody}\n`;
        const add = async (keys: string, program: string[], said: Said) => {
          const block = expected.length + 1;
          const suffix = program.some((each) => each.includes(".cdb"))
            ? ".cdb"
            : "";
          const path = `${folder}/${block}${suffix}`;
          await states[state](path);
          if (!["missing", "forbidden"].includes(state)) {
            await Deno.chown(path, nobody, nobody);
            await Deno.chmod(path, 0o700);
          }
          const here = (text: string) =>
            text.replaceAll(`PATH${suffix}`, path).replaceAll("PATH", path)
              .replaceAll("CERTIFICATE", certPath)
              .replaceAll("FOLDER", folder);
          const line = said[state];
          expected.push(line === null ? "" : `block ${block}: ${here(line)}`);
          file += `[[listen]]\nport = ${1000 + block}\n${here(keys)}\n` +
            `program = ${JSON.stringify(program.map(here))}\n`;
        };
        const discard = ["--deliver", "discard"];
        const me = ["--me", "localhost"];
        for (const [, args, said] of smtpdOptions) {
          const delivers = args.some((each) =>
            ["--deliver", "--maildir"].includes(each)
          );
          const base = [
            "smtpd",
            ...(args.includes("--me") ? [] : me),
            ...(delivers ? [] : discard),
          ];
          await add("", [...base, ...args], said);
        }
        for (const [, keys, said] of serveOptions) {
          await add(keys, ["smtpd", ...me, ...discard], said);
        }
        await Deno.writeTextFile(`${folder}/gate.toml`, file);
        const { code, lines } = await check([
          ...["--config", `${folder}/gate.toml`],
        ]);
        assertEquals(lines, expected.filter(Boolean));
        assertEquals(code, 100);
      }),
  );
}

Deno.test(
  needing(
    { root: true, peers: ["openssl"] },
    "where all is well nothing is said, and nothing is left behind",
  ),
  () =>
    inFolder(async (folder) => {
      const { certPath, keyPath } = await makeCertificate(folder);
      const own = async (name: string, text: string, mode = 0o600) => {
        const path = `${folder}/${name}`;
        await Deno.writeTextFile(path, text);
        await Deno.chmod(path, mode);
        await Deno.chown(path, nobody, nobody);
        return path;
      };
      const hash = await output(postern, ["smtpd", "--hash-password"], {
        stdin: "word\n",
      });
      const program = await own("program", "#!/bin/sh\n", 0o700);
      await Deno.mkdir(`${folder}/home`);
      await own("rules", `:allow,QMAILQUEUE="${program}"\n`);
      await output(postern, [
        ...["rules", "compile", "-o", `${folder}/cdb`, `${folder}/rules`],
      ]);
      const tls = ["--tls-cert", certPath, "--tls-key", keyPath]; // root's
      const before = [...Deno.readDirSync(folder)].length;
      const found = await check([
        ...["-u", `${nobody}`, "-g", `${nobody}`, "-x", `${folder}/cdb`],
        ...["--pidfile", `${folder}/pid`, ...tls, "127.0.0.1", "25"],
        ...["smtpd", "--me", "localhost", ...tls],
        ...["--rcpthosts", await own("rcpthosts", "\ufeffa.example\r\n")],
        ...["--badmailfrom", "@spam.example, a@b.example"],
        ...["--badrcptto", "/dev/null"],
        ...["--recipients", await own("known", "a@a.example\r\n# x y\r\n")],
        ...["--passwords", await own("passwords", `ann:${hash.stdout}`)],
        ...["--maildir", `${folder}/home/{user}`, "--authentication-results"],
        ...["--relay", "smtp:127.0.0.1:25"],
      ], { env: { RCPTCHECK: program, TMPDIR: "/tmp" } });
      assertEquals(found, { code: 0, lines: [] });
      assertEquals([...Deno.readDirSync(folder)].length, before + 3);
    }),
);

Deno.test(
  needing({ root: true }, "what the environment and the rules name counts"),
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/closed`, { mode: 0o700 });
      await Deno.writeTextFile(
        `${folder}/rules`,
        `1.:allow,RCPTCHECK="${folder}/one"\n` +
          `2.:allow,QMAILQUEUE="${folder}/two",X="y"\n` +
          `3.:allow,QMAILQUEUE="${folder}/two"\n` +
          `4.:deny\n:allow,TMPDIR="${folder}/three"\n`,
      );
      await output(postern, [
        ...["rules", "compile", "-o", `${folder}/cdb`, `${folder}/rules`],
      ]);
      const { code, lines } = await check([
        ...["-u", `${nobody}`, "-x", `${folder}/cdb`, "127.0.0.1", "25"],
        ...["smtpd", "--authentication-results"],
      ], {
        cwd: "/",
        env: {
          TMPDIR: `${folder}/closed`,
          QMAILQUEUE: "/bin/true",
          RCPTCHECK: "no-such-check",
        },
      });
      const missing = "file does not exist";
      assertEquals(lines.sort(), [
        `RCPTCHECK: unable to run ${folder}/one: ${missing}`,
        `RCPTCHECK: unable to run no-such-check: ${missing} (it is not looked for in PATH)`,
        `TMPDIR: unable to keep a message in ${folder}/closed: access denied`,
        `TMPDIR: unable to keep a message in ${folder}/three: ${missing}`,
        `unable to run ${folder}/two: ${missing}`,
      ]);
      assertEquals(code, 100);
    }),
);

Deno.test(
  needing({ root: true }, "PROGRAM is looked at as who would run it"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/program`;
      const checked = async () =>
        await check(["-u", `${nobody}`, "127.0.0.1", "25", path]);
      for (
        const [text, mode, why] of [
          ["#!/bin/sh\n", 0o755, null],
          ["#!/bin/sh\n", 0o700, "access denied"],
          [
            "#!/no/such\n",
            0o755,
            "its interpreter /no/such: file does not exist",
          ],
          ["#!/bin/sh\r\n", 0o755, "its first line ends with a CR"],
        ] as const
      ) {
        await Deno.writeTextFile(path, text);
        await Deno.chmod(path, mode);
        const lines = why === null ? [] : [`unable to run ${path}: ${why}`];
        assertEquals(await checked(), { code: why ? 100 : 0, lines });
      }
    }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "a certificate is looked at as clients would",
  ),
  () =>
    inFolder(async (folder) => {
      const wrongs: [from: string, to: string, me: string, why: string][] = [
        [
          ...["20200101000000Z", "20210203040506Z", "mx.example"] as const,
          "the certificate has expired, on 2021-02-03 04:05 UTC",
        ],
        [
          ...["20900101000000Z", "20910101000000Z", "mx.example"] as const,
          "the certificate is not valid yet, but from 2090-01-01 00:00 UTC on",
        ],
        [
          ...["20200101000000Z", "20900101000000Z", "other.example"] as const,
          "the certificate is for mx.example, not for our name, other.example (--me)",
        ],
      ];
      for (const [from, to, me, why] of wrongs) {
        const dates = [from, to] as const;
        const made = await makeDatedCertificate(folder, "mx.example", dates);
        const tls = [
          ...["--tls-cert", made.certPath, "--tls-key", made.keyPath],
        ];
        const smtpd = ["smtpd", "--me", me, "--deliver", "discard"];
        const local = ["-RHl0", "127.0.0.1", "0"];
        for (
          const args of [
            [...local, ...smtpd, ...tls],
            [...tls, ...local, ...smtpd],
          ]
        ) {
          const line = `${made.certPath}: ${why}`;
          assertEquals(await check(args), { code: 100, lines: [line] });
          await withGate(args, {}, async (gate) => {
            await gate.logged(/^tcpserver: warning: /);
            assertEquals(gate.log, `tcpserver: warning: ${line}\n`);
            gate.child.kill("SIGHUP");
            await gate.logged(/\n.*\n/);
            assertEquals(gate.log, `tcpserver: warning: ${line}\n`.repeat(2));
          });
        }
      }
    }),
);

for (const workers of ["1", "2"]) {
  Deno.test(
    needing({}, `a list that is wrong ends the start, ${workers} workers`),
    () =>
      inFolder(async (folder) => {
        const list = `${folder}/list`;
        await Deno.writeTextFile(list, "a.example\r\nb.example # ours\r\n");
        const { code, stderr } = await output(postern, [
          ...["serve", "--workers", workers, "127.0.0.1", "0"],
          ...["smtpd", "--rcpthosts", list],
        ]);
        assertEquals(code === 0, false);
        assertMatch(
          stderr,
          /^tcpserver: \S+list: line 2: "b.example # ours" is no domain: a comment wants a line of its own\n/,
        );
      }),
  );
}

Deno.test(
  needing({}, "a list that becomes wrong turns clients away until it is right"),
  () =>
    inFolder(async (folder) => {
      const list = `${folder}/list`;
      await Deno.writeTextFile(list, "a.example\n");
      const args = [
        ...["-RHl0", "127.0.0.1", "0", "smtpd", "--deliver", "discard"],
        ...["--rcpthosts", list],
      ];
      await withGate(args, {}, async (gate) => {
        const greeting = async () => {
          gate.child.kill("SIGHUP");
          const client = await SmtpClient.connect(gate.port);
          const reply = await client.reply();
          client.close();
          return reply.slice(0, 3);
        };
        const becomes = async (code: string) => {
          while (await greeting() !== code) { /* the signal is on its way */ }
        };
        await becomes("220");
        await Deno.writeTextFile(list, "a.example\n@\n");
        await becomes("421");
        await gate.logged(
          /^tcpserver: warning: \S+list: line 2: "@" is no domain: no @ is in a domain\n/,
        );
        await Deno.writeTextFile(list, "a.example\n");
        await becomes("220");
      });
    }),
);
