/**
 * postern trace on logs as they lie about: compressed, by a pipe, unreadable.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const session = "bcdfghjkmnpq-1", id = `${session}-1`;
const tls = `2026-11-25T08:00:01.000Z tls.begun session=${session} ` +
  "client=192.0.2.7 tls=TLSv1.3";
const stored = `2026-11-25T08:00:02.000Z message.stored session=${session} ` +
  `id=${id} client=192.0.2.7 from=a@b.c to=d@e.f code=250 reply="2.0.0 ok"`;
const log = `tcpserver: status: 1/40\n${tls}\n${stored}\n`;

const trace = (args: string[], stdin?: string | Uint8Array) =>
  output(postern, ["trace", ...args], { stdin, env: { NO_COLOR: "1" } });

const lines = ["--format", "lines"];

Deno.test(
  needing({}, "files, compressed or not, and stdin"),
  () =>
    inFolder(async (folder) => {
      const plain = `${folder}/mail.log`, packed = `${folder}/old`;
      await Deno.writeTextFile(plain, log);
      const zipped = (text: string) =>
        new Response(
          new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")),
        ).bytes();
      // Two members, as `cat a.gz b.gz` makes them.
      const [one, two] = [
        await zipped(`${tls}\n`),
        await zipped(`${stored}\n`),
      ];
      await Deno.writeFile(packed, new Uint8Array([...one, ...two]));
      const wanted = `${tls}\n${stored}\n`;
      const ways: [args: string[], stdin?: string | Uint8Array][] = [
        [[plain]],
        [[packed]],
        [[], log],
        [["-"], log],
        [["-"], new Uint8Array([...one, ...two])],
      ];
      for (const [files, stdin] of ways) {
        for (
          const asked of [[id], ["--to", "d@e.f"], ["--client", "192.0.2.7"]]
        ) {
          const { code, stdout, stderr } = await trace(
            [...lines, ...asked, ...files],
            stdin,
          );
          assertEquals(
            [code, stdout, stderr],
            [0, wanted, ""],
            `${files} ${asked}`,
          );
        }
      }
    }),
);

Deno.test(
  needing({}, "what is found is told by the exit code, and why not"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/mail.log`;
      await Deno.writeTextFile(path, log);
      await Deno.writeTextFile(`${folder}/other`, "tcpserver: status: 0/40\n");
      await Deno.writeFile(
        `${folder}/x.xz`,
        new Uint8Array([253, 55, 122, 88, 90, 0]),
      );
      await Deno.writeFile(
        `${folder}/x.gz`,
        new Uint8Array([31, 139, 8, 0, 1, 2]),
      );
      const cases: [args: string[], code: number, stderr: RegExp][] = [
        [
          ["no-such-id", path],
          1,
          /^postern trace: nothing about no-such-id in \S+mail\.log, which has lines from 2026-11-25T08:00:01\.000Z to 2026-11-25T08:00:02\.000Z\n$/,
        ],
        [
          ["x", `${folder}/other`],
          1,
          /no line of a mail log in \S+other: .*--mail-log/,
        ],
        [
          ["--from", "a@b.c", "--since", "1h", path],
          1,
          /but 1 line is of another time\n$/,
        ],
        [
          ["x", `${folder}/none`],
          111,
          /unable to read \S+none: file does not exist\n$/,
        ],
        [["x", path, folder], 111, /unable to read \S+: it is a folder\n$/],
        [["x", `${folder}/x.xz`], 111, /x\.xz: it is compressed; xz -dc/],
        [["x", `${folder}/x.gz`], 111, /unable to read \S+x\.gz: /],
        [[], 100, /an ID, or an option that says what, is wanted/],
        [["", path], 100, /the ID is empty/],
        [["--since", "soon", path], 100, /--since wants a date, a time, 2h/],
        [["--form", "x"], 100, /did you mean --from\?/],
      ];
      for (const [args, code, stderr] of cases) {
        const ended = await trace(args, "");
        assertEquals(ended.code, code, `${args}: ${ended.stderr}`);
        assertMatch(ended.stderr, stderr);
        assertEquals(ended.stdout, "");
      }
    }),
);

Deno.test(
  needing({}, "by a time alone everything is told, or one id"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/mail.log`;
      const other = stored.replaceAll(session, "bcdfghjkmnpq-2");
      await Deno.writeTextFile(path, `${log}${other}\n`);
      const since = [...lines, "--since", "2026-11-25T08:00:02Z"];
      const all = await trace([...since, path]);
      assertEquals(all.stdout, `${stored}\n${other}\n`);
      assertEquals((await trace([...since, id, path])).stdout, `${stored}\n`);
    }),
);

Deno.test(
  needing({}, "a reader that has had enough ends it"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/mail.log`;
      await Deno.writeTextFile(path, `${stored}\n`.repeat(20_000));
      const { code, stdout, stderr } = await output("sh", [
        ...["-c", `"$0" trace ${id} "$1" | head -1`, postern, path],
      ]);
      assertEquals([code, stderr], [0, ""]);
      assertMatch(
        stdout,
        /^2026-11-25T08:00:02\.000Z \S+ stored: from a@b\.c to d@e\.f; .*\n$/,
      );
    }),
);
