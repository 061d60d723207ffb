/**
 * postern rules on the executable: its words and exit codes, and a database
 * that is whole at any moment.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { AccessRules } from "../../lib/gate/access.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";
import { randomFrom, runs } from "../support/random.ts";

const rules = (folder: string, args: string[], stdin?: string) =>
  output(postern, ["rules", ...args], { cwd: folder, stdin });

const text = `# an office
192.168.0.:allow,RELAYCLIENT="",NOTE="a b"
10.0.0.0/8:deny # extended
=.example.org:allow
:deny
`;

Deno.test(
  needing({}, "explain names the rule, its line and the keys tried"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/text`, text);
      const ask = async (...args: string[]) =>
        (await rules(folder, ["explain", "--extended", ...args])).stdout;
      assertEquals(
        await ask("text", "192.168.0.7"),
        `decision  allow
rule      "192.168.0."
line      text:2: 192.168.0.:allow,RELAYCLIENT="",NOTE="a b"
sets      RELAYCLIENT=
sets      NOTE=a b
tried     "192.168.0.7", "192.168.0."
`,
      );
      assertEquals(
        await ask("text", "1.2.3.4", "--host", "mx.example.org", "--info", "u"),
        `decision  allow
rule      "=.example.org"
line      text:4: =.example.org:allow
tried     "u@1.2.3.4", "u@=mx.example.org", "1.2.3.4", "=mx.example.org", "1.2.3.", "1.2.", "1.", "=.example.org"
`,
      );
      await rules(folder, ["compile", "--extended", "-o", "cdb", "text"]);
      const json = JSON.parse(await ask("--format", "json", "cdb", "10.1.2.3"));
      assertEquals(json.decision, { type: "deny", rule: "10." });
      assertEquals(json.source, null);
      const { code, stderr } = await rules(folder, [
        "explain",
        "cdb",
        "nobody",
      ]);
      assertEquals([code, stderr.split("\n")[0]], [
        100,
        'postern rules: "nobody" is no IP address',
      ]);
    }),
);

Deno.test(
  needing({}, "lint exits 1 with findings, in both formats"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/good`, "1.2.3.:deny\n:allow\n");
      await Deno.writeTextFile(`${folder}/bad`, "1.2.3:deny\n:allow\n");
      assertEquals(await rules(folder, ["lint", "good"]), {
        code: 0,
        stdout: "",
        stderr: "",
      });
      const plain = await rules(folder, ["lint", "bad"]);
      assertEquals(plain.code, 1);
      assertMatch(
        plain.stdout,
        /^bad:1: unreachable: .*; write "1\.2\.3\." for/,
      );
      const json = await rules(folder, ["lint", "--format", "json", "bad"]);
      assertEquals(json.code, 1);
      const { findings } = JSON.parse(json.stdout);
      assertEquals([findings[0].line, findings[0].kind], [1, "unreachable"]);
    }),
);

Deno.test(
  needing({}, "get, make, and a line without a colon"),
  () =>
    inFolder(async (folder) => {
      const records = "+1,3:k->one\n+1,3:k->two\n+0,0:->\n\n";
      const made = await rules(folder, ["make", "cdb", "tmp"], records);
      assertEquals(made.code, 0);
      for (
        const [args, expected] of [
          [["k"], [0, "one"]],
          [["k", "1"], [0, "two"]],
          [["k", "2"], [100, ""]],
          [[""], [0, ""]],
          [["other"], [100, ""]],
        ] as const
      ) {
        const { code, stdout } = await rules(folder, ["get", "cdb", ...args]);
        assertEquals([code, stdout], [...expected]);
      }
      assertEquals((await rules(folder, ["dump", "cdb"])).stdout, records);
      const wrong = await rules(folder, ["make", "cdb", "tmp"], "+1,1:ab");
      assertEquals([wrong.code, wrong.stderr], [
        100,
        "postern rules: fatal: stdin: record 1: expected -> after the key\n",
      ]);
      const warned = await rules(folder, ["compile", "-o", "cdb"], "1.2.3.4\n");
      assertEquals([warned.code, warned.stderr], [
        0,
        "postern rules: stdin: line 1: no colon, so no rule\n",
      ]);
      const silent = await output(postern, ["rules", "compile", "cdb"], {});
      assertEquals(silent.code, 100);
    }),
);

Deno.test(
  needing({}, "replacements under a reader's eyes"),
  () =>
    inFolder(async (folder) => {
      // Both texts have the same keys, and each all of its values.
      for (const name of ["one", "two"]) {
        const lines = Array.from(
          { length: 200 },
          (_, i) => `10.0.0.${i}:allow,A="${name}"`,
        );
        await Deno.writeTextFile(`${folder}/${name}`, lines.join("\n"));
      }
      const compile = (name: string) =>
        `${postern} rules compile -o cdb ${name} || exit 1\n`;
      await output("/bin/sh", ["-c", compile("one")], { cwd: folder });
      const count = runs(1_000, 100);
      const replacing = output("/bin/sh", [
        "-c",
        `i=0; while [ $i -lt ${count / 2} ]; do
         ${compile("two")} ${compile("one")} i=$((i+1)); done`,
      ], { cwd: folder });
      let ended = false;
      replacing.then(() => ended = true);
      const access = new AccessRules(`${folder}/cdb`, false);
      const seen = { one: 0, two: 0 };
      let last = "", changes = 0;
      while (!ended) {
        for (let i = 0; i < 200; i++) {
          const ip = `10.0.0.${i}`;
          const decision = access.decide({ ip, host: null, info: null });
          assert(decision.type === "allow", JSON.stringify(decision));
          const value = decision.env[0][1] as "one" | "two";
          seen[value]++; // a third word would make it NaN, and fail below
          if (value !== last) changes++;
          last = value;
        }
        await new Promise((resolve) => setTimeout(resolve));
      }
      assertEquals((await replacing).code, 0);
      assert(seen.one > 0 && seen.two > 0 && changes > count / 4, `${changes}`);
      assertEquals(Object.keys(seen), ["one", "two"]);
      assertEquals([...Deno.readDirSync(folder)].length, 3);
    }),
);

Deno.test(
  needing({}, "SIGKILL at any moment leaves the old file or the new one"),
  () =>
    inFolder(async (folder) => {
      const random = randomFrom(Date.now());
      const lines = (word: string) =>
        Array.from(
          { length: 60_000 },
          (_, i) => `10.${i >> 8}.${i & 255}.1:allow,A="${word}"`,
        ).join("\n");
      const expected: Uint8Array[] = [];
      let wholeMs = 0;
      for (const word of ["old", "new"]) {
        await Deno.writeTextFile(`${folder}/${word}`, lines(word));
        const start = performance.now();
        await rules(folder, ["compile", "-o", word + ".cdb", word]);
        expected.push(await Deno.readFile(`${folder}/${word}.cdb`));
        wholeMs = performance.now() - start;
      }
      const rounds = runs(200, 60);
      let killed = 0, changed = 0, current = 0;
      // Machines have other things to do: the moments follow what they do.
      let reachMs = wholeMs * 1.6;
      await Deno.copyFile(`${folder}/old.cdb`, `${folder}/cdb`);
      for (let i = 0; i < rounds; i++) {
        const next = 1 - current;
        const from = next ? "new" : "old";
        const child = new Deno.Command("/bin/sh", {
          args: ["-c", `exec ${postern} rules compile cdb tmp < ${from}`],
          cwd: folder,
        }).spawn();
        await new Promise((resolve) => setTimeout(resolve, random() * reachMs));
        try {
          child.kill("SIGKILL");
        } catch {
          // It was quicker.
        }
        if ((await child.status).signal === "SIGKILL") killed++;
        const bytes = await Deno.readFile(`${folder}/cdb`);
        if (same(bytes, expected[next])) {
          current = next;
          changed++;
          reachMs *= 0.8;
        } else {
          assert(same(bytes, expected[current]), `round ${i}: another file`);
          reachMs *= 1.1;
        }
      }
      // Both happened, or the moments say nothing.
      assert(
        killed > rounds / 20 && changed > rounds / 20,
        `killed ${killed}, changed ${changed}`,
      );
    }),
);

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test(
  needing({ root: true, peers: ["mount"] }, "a full disk"),
  () =>
    inFolder(async (folder) => {
      const disk = `${folder}/disk`;
      await Deno.mkdir(disk);
      const mounted = await output(peer("mount")!, [
        ...["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk],
      ]);
      assertEquals(mounted.code, 0, mounted.stderr);
      try {
        const small = await rules(disk, ["compile", "cdb", "tmp"], "1.:deny");
        assertEquals(small.code, 0);
        const old = await Deno.readFile(`${disk}/cdb`);
        const large = Array.from({ length: 20_000 }, (_, i) => `${i}:deny`);
        const full = await rules(
          disk,
          ["compile", "cdb", "tmp"],
          large.join("\n"),
        );
        assertEquals([full.code, full.stderr], [
          111,
          "postern rules: fatal: unable to write to tmp: out of disk space\n",
        ]);
        assert(same(await Deno.readFile(`${disk}/cdb`), old));
        assertEquals([...Deno.readDirSync(disk)].map(({ name }) => name), [
          "cdb",
        ]);
      } finally {
        await output("umount", [disk]);
      }
    }),
);

Deno.test(
  needing(
    { peers: ["script"] },
    "a bar, where a person waits for more than a second",
  ),
  () =>
    inFolder(async (folder) => {
      const lines = Array.from({ length: 50_000 }, (_, i) => `${i}.:deny`);
      const slow = `(cat text; sleep 1.3; cat text; sleep 0.3) | ` +
        `${postern} rules compile cdb tmp`;
      await Deno.writeTextFile(`${folder}/text`, lines.join("\n") + "\n");
      const seen = await output("script", ["-qec", slow, "/dev/null"], {
        cwd: folder,
      });
      assertMatch(seen.stdout, /\rpostern rules: \d+ MB.*\r.\[K$/s);
      const piped = await output("/bin/sh", ["-c", slow], { cwd: folder });
      assertEquals([piped.code, piped.stderr], [0, ""]);
    }),
);

/** What runs a line of shell in a folder says and returns. */
const sh = (folder: string, line: string, env: Record<string, string> = {}) =>
  output("/bin/sh", ["-c", line], { cwd: folder, env });

Deno.test(
  needing({}, "a closed stdin is no empty text"),
  () =>
    inFolder(async (folder) => {
      await Deno.symlink(postern, `${folder}/tcprules`);
      await rules(folder, ["compile", "-o", "cdb"], ":deny\n");
      const good = await Deno.readFile(`${folder}/cdb`);
      const commands: [command: string, stderr: string][] = [
        ["./tcprules cdb tmp", "tcprules: fatal: unable to read input: "],
        ...[
          ...["compile cdb tmp", "compile -o cdb", "compile -o cdb -"],
          ...["make cdb tmp", "make -o cdb", "lint -", "explain - 1.2.3.4"],
        ].map((each): [string, string] => [
          `${postern} rules ${each}`,
          "postern rules: fatal: unable to read stdin: ",
        ]),
      ];
      for (const [command, stderr] of commands) {
        // With stdout closed too, the next descriptor is not 0.
        for (const closing of ["<&-", "<&- >&-"]) {
          assertEquals(await sh(folder, `${command} ${closing}`), {
            code: 111,
            stdout: "",
            stderr: `${stderr}file descriptor not open\n`,
          });
        }
        assert(same(await Deno.readFile(`${folder}/cdb`), good), command);
      }
      assertEquals([...Deno.readDirSync(folder)].length, 2);
      // To give nothing is something else, and 1996's way to allow everybody.
      for (const given of ["< /dev/null", "< empty", "<<E\nE\n"]) {
        await Deno.writeTextFile(`${folder}/empty`, "");
        await Deno.writeFile(`${folder}/cdb`, good);
        const { code } = await sh(folder, `./tcprules cdb tmp ${given}`);
        const { size } = await Deno.stat(`${folder}/cdb`);
        assertEquals([code, size], [0, 2048], given);
      }
    }),
);

Deno.test(
  needing(
    { peers: ["tcprules"] },
    "a stdin that cannot be read, as tcprules has it",
  ),
  () =>
    inFolder(async (folder) => {
      await Deno.symlink(postern, `${folder}/tcprules`);
      for (const stdin of ["<&-", "< /", "0> written"]) {
        const [own, other] = await Promise.all(
          ["./tcprules", peer("tcprules")!].map((program) =>
            sh(folder, `${program} cdb tmp ${stdin}`)
          ),
        );
        assertEquals(own, other, stdin);
      }
    }),
);

Deno.test(
  needing(
    { root: true, peers: ["setpriv"] },
    "a folder that may be written to, but not read",
  ),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/text`, ":deny\n");
      const closed = `${folder}/closed`;
      await Deno.mkdir(closed);
      await Deno.chown(closed, 65534, 65534);
      await Deno.chmod(closed, 0o300);
      const nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups";
      for (const to of ["-o closed/cdb text", "closed/cdb closed/tmp < text"]) {
        assertEquals(
          await sh(folder, `${nobody} ${postern} rules compile ${to}`),
          { code: 0, stdout: "", stderr: "" },
        );
        assertEquals([...Deno.readDirSync(closed)].length, 1);
        await Deno.remove(`${closed}/cdb`);
      }
    }),
);

Deno.test(
  needing({}, "a file that is no whole database is refused by name"),
  () =>
    inFolder(async (folder) => {
      await Deno.symlink(postern, `${folder}/tcprulescheck`);
      await rules(folder, ["compile", "-o", "cdb"], ":allow\n1.:deny\n");
      const whole = await Deno.readFile(`${folder}/cdb`);
      const files: [name: string, bytes: Uint8Array, why: string][] = [
        ["cut", whole.subarray(0, -1), "truncated: 1 byte is missing"],
        ["empty", new Uint8Array(), "it is empty"],
        [
          "nulls",
          new Uint8Array(4096),
          "damaged: table 0 is not where it should be",
        ],
        [
          "text",
          new TextEncoder().encode(":allow\n"),
          "it is a text: compile it first",
        ],
      ];
      for (const [name, bytes, why] of files) {
        await Deno.writeFile(`${folder}/${name}`, bytes);
        for (
          const args of [
            ["check", name],
            ["dump", name],
            ["get", name, ""],
            ["explain", name, "192.0.2.1"],
          ]
        ) {
          if (name === "text" && args[0] === "explain") continue;
          assertEquals(await rules(folder, args), {
            code: 111,
            stdout: "",
            stderr: `postern rules: fatal: unable to read ${name}: ${why}\n`,
          });
        }
        const classic = name === "empty"
          ? "invalid argument"
          : "protocol error";
        assertEquals(await sh(folder, `./tcprulescheck ${name}`), {
          code: 111,
          stdout: "",
          stderr: `tcprulescheck: fatal: unable to read ${name}: ${classic}\n`,
        });
      }
    }),
);

Deno.test(
  needing({}, "explain's JSON is UTF-8"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(`${folder}/text`, '1.:allow,A="grün"\n');
      const { stdout } = await rules(folder, [
        ...["explain", "--format", "json", "text", "1.2.3.4"],
      ]);
      assertEquals(JSON.parse(stdout).decision.env, [["A", "grün"]]);
    }),
);

Deno.test(
  needing({}, "lint refuses to trust a name, and explain says what it takes"),
  () =>
    inFolder(async (folder) => {
      const name = "mx.partner.example";
      const text = `:allow\n=${name}:allow,RELAYCLIENT=""\n`;
      await Deno.writeTextFile(`${folder}/text`, text);
      await rules(folder, ["compile", "-o", "cdb", "text"]);
      const lint = await rules(folder, ["lint", "text"]);
      assertEquals([lint.code, lint.stderr], [1, ""]);
      assertMatch(lint.stdout, /^text:2: unconfirmed-name: .*-p.*; .*-p.*\n$/);
      const json = await rules(folder, ["lint", "--format", "json", "text"]);
      const { findings } = JSON.parse(json.stdout);
      assertEquals([findings[0].line, findings[0].severity], [2, "error"]);
      for (const paranoid of ["-p", "--paranoid"]) {
        assertEquals(await rules(folder, ["lint", paranoid, "text"]), {
          code: 0,
          stdout: "",
          stderr: "",
        });
      }
      for (const path of ["text", "cdb"]) {
        const { stdout } = await rules(
          folder,
          ["explain", "--host", name, path, "192.0.2.9"],
        );
        assertMatch(
          stdout,
          /\nsets {6}RELAYCLIENT=\nprovided {2}mx\.partner\.example leads back to 192\.0\.2\.9: .*-p.*\nelse {6}allow, by rule ""\ntried /,
        );
        const other = await rules(
          folder,
          ["explain", "--host", "mx.example", path, "192.0.2.9"],
        );
        assert(!other.stdout.includes("provided"), other.stdout);
      }
    }),
);
