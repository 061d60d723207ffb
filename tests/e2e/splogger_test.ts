/**
 * splogger against a socket that stands in for syslogd.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { FakeClock } from "../support/fake_clock.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { linesOf, withRsyslog } from "../support/rsyslog.ts";

function listen(path: string) {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const lines: string[] = [];
  const reading = (async () => {
    for await (const [bytes] of socket) {
      lines.push(new TextDecoder().decode(bytes));
    }
  })().catch(() => {});
  return {
    lines,
    /** What is sent after it has resolved finds nobody. */
    async close() {
      socket.close();
      await reading;
      Deno.removeSync(path);
    },
  };
}

const exists = (path: string) => Deno.stat(path).then(() => true, () => false);

const numberOnly = (line: string) =>
  line.replace(/^(<\d+>).*?: [\d.]+(.*)$/, "$1$2");

Deno.test(
  needing({}, "lines arrive, the last one even without its end"),
  () =>
    inFolder(async (folder) => {
      const syslog = listen(`${folder}/log`);
      const { code, stderr } = await output(postern, [
        ...["splogger", "--socket", `${folder}/log`, "smtpd", "3"],
      ], {
        stdin: "hello\nwarning: w\nalert: a\nbell\x07\n" + "x".repeat(2000),
      });
      assertEquals([code, stderr], [0, ""]);
      await until("all have come", () => syslog.lines.length === 7);
      await syslog.close();
      assertEquals(syslog.lines.map(numberOnly), [
        "<30> hello",
        "<28> warning: w",
        "<25> alert: a",
        "<30> bell?",
        "<30> " + "x".repeat(799),
        "<30>+" + "x".repeat(799),
        "<30>+" + "x".repeat(402),
      ]);
    }),
);

Deno.test(
  needing(
    {},
    "what is said while there is no syslogd, or a new one, is not lost",
  ),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/log`;
      const child = new Deno.Command(postern, {
        args: ["splogger", "--socket", path, "tag"],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      const say = (text: string) =>
        writer.write(new TextEncoder().encode(text));
      await say("before\n");
      await new Promise((resolve) => setTimeout(resolve, 200));
      const first = listen(path);
      await until("the first line", () => first.lines.length === 1);
      await say("during\n");
      await until("the second line", () => first.lines.length === 2);
      await first.close();
      const second = listen(path);
      await say("after\n");
      await until("the third line", () => second.lines.length === 1);
      await writer.close();
      assertEquals((await child.status).code, 0);
      await second.close();
      assertEquals([...first.lines, ...second.lines].map(numberOnly), [
        "<22> before",
        "<22> during",
        "<22> after",
      ]);
    }),
);

Deno.test(needing({}, "lost lines are told, wrong options too"), async () => {
  const lost = await output(postern, ["splogger", "--socket", "/no/such"], {
    stdin: "x\n",
  });
  assertEquals(lost.code, 0);
  assertMatch(lost.stderr, /warning: lines were lost/);
  const wrong = await output(postern, ["splogger", "--format", "x"]);
  assertEquals(wrong.code, 100);
});

Deno.test(
  needing({}, "a syslogd that stands still is waited for, nothing is lost"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/log`;
      const socket = Deno.listenDatagram({ transport: "unixpacket", path });
      const child = new Deno.Command(postern, {
        args: ["splogger", "--socket", path, "tag"],
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
      let isWritten = false;
      const writing = new Blob([lines.join("\n")]).stream()
        .pipeTo(child.stdin).then(() => isWritten = true);
      const read: string[] = [];
      const receive = async () => {
        const [bytes] = await socket.receive();
        read.push(new TextDecoder().decode(bytes));
      };
      await receive(); // it is there, and has all that a pipe holds soon
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert(!isWritten, "stdin is read while nobody takes the lines");
      while (read.length < lines.length) await receive();
      await writing;
      assertEquals((await child.status).code, 0);
      socket.close();
      assertEquals(read.map(numberOnly), lines.map((line) => `<22> ${line}`));
    }),
);

/** splogger that is told lines one by one. */
function start(args: string[], env: Record<string, string> = {}) {
  const child = new Deno.Command(postern, {
    args: ["splogger", ...args],
    env,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  return {
    child,
    say: (text: string) => writer.write(new TextEncoder().encode(text)),
    async end() {
      await writer.close();
      return (await child.status).code;
    },
  };
}

Deno.test(
  needing({ peers: ["faketime"] }, "a clock that is set is followed at once"),
  () =>
    inFolder(async (folder) => {
      const syslog = listen(`${folder}/log`);
      const clock = await FakeClock.at("2026-03-08T06:59:58Z", folder);
      const { say, end, child } = start(["--socket", `${folder}/log`, "t"], {
        ...clock.env,
        TZ: "EST5EDT,M3.2.0,M11.1.0",
      });
      const steps = ["2026-03-08T07:00:05Z", "2001-09-09T01:46:40Z"];
      for (const [i, step] of [null, ...steps].entries()) {
        if (step !== null) await clock.set(step);
        await say(`line ${i}\n`);
        await until("it has come", () => syslog.lines.length === i + 1);
      }
      assertEquals(await end(), 0);
      await child.stderr.cancel();
      await syslog.close();
      const found = syslog.lines.map((line) =>
        /^<22>(.{12}).{3} t: (\d+)\d\.\d{6} (line \d)$/.exec(line)?.slice(1)
      );
      assertEquals(found, [
        ["Mar  8 01:59", "177295319", "line 0"],
        ["Mar  8 03:00", "177295320", "line 1"],
        ["Sep  8 21:46", "100000000", "line 2"],
      ]);
    }),
);

Deno.test(
  needing({}, "lines that were lost are counted and told"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/log`;
      const count = 5000;
      const { say, end, child } = start(["--stderr", "--socket", path, "t"]);
      const heard = child.stderr.pipeThrough(new TextDecoderStream())
        .getReader();
      await say(
        Array.from({ length: count }, (_, i) => `line ${i}\n`).join(""),
      );
      // What stderr has was tried with syslogd before.
      for (let text = ""; !text.includes(` line ${count - 1}\n`);) {
        text = text.slice(-100) + (await heard.read()).value;
      }
      const syslog = listen(path);
      await say("next\n");
      assertEquals(await end(), 0);
      await until("the last", () =>
        syslog.lines.at(-1)?.endsWith(" next") ?? false);
      await syslog.close();
      await heard.cancel();
      const [first, ...rest] = syslog.lines;
      // The last line comes when 4096 wait, or when they have just been sent.
      const lost = Number(
        / warning: (\d+) lines lost, nobody/.exec(first)?.[1],
      );
      assertMatch(first, /^<20>/);
      assertEquals(lost + rest.length, count + 1);
      assertMatch(rest[0], new RegExp(` line ${lost}$`));
    }),
);

for (
  const [how, redirection] of [
    ["a full disk", "2>/dev/full"],
    ["a reader that has gone", "2>&1 >/dev/null | true"],
    ["closed", "2>&-"],
  ]
) {
  Deno.test(
    needing({}, `--stderr goes on without stderr: ${how}`),
    () =>
      inFolder(async (folder) => {
        const syslog = listen(`${folder}/log`);
        const { code } = await output("sh", [
          "-c",
          `{ echo one; sleep .2; echo two; sleep .2; echo three; } |
        { "$0" splogger --stderr --socket "$1" t; echo $? >"$1.code"; } ${redirection}`,
          postern,
          `${folder}/log`,
        ]);
        assertEquals(code, 0);
        await until("all came", () => syslog.lines.length === 3);
        await syslog.close();
        assertEquals(syslog.lines.map(numberOnly), [
          ...["<22> one", "<22> two", "<22> three"],
        ]);
        await until("it has ended", () => exists(`${folder}/log.code`));
        assertEquals(await Deno.readTextFile(`${folder}/log.code`), "0\n");
      }),
  );
}

Deno.test(
  needing({}, "--stderr holds nothing up when nobody reads it"),
  () =>
    inFolder(async (folder) => {
      const syslog = listen(`${folder}/log`);
      const args = ["--stderr", "--socket", `${folder}/log`, "t"];
      const { say, end, child } = start(args);
      const count = 4000; // more than a pipe takes, and more than is kept
      const text = "x".repeat(500);
      await say(`${text}\n`.repeat(count));
      await until("all came", () => syslog.lines.length === count);
      assertEquals(await end(), 0);
      await syslog.close();
      const copied = await new Response(child.stderr).text();
      const lines = copied.split("\n").slice(0, -1);
      assert(lines.length > 50, `${lines.length} lines`);
      for (const line of lines) assertMatch(line, /^\d+\.\d{6} x{500}$/);
    }),
);

Deno.test(
  needing({}, "facilities by name; 1996's knew numbers alone"),
  () =>
    inFolder(async (folder) => {
      const syslog = listen(`${folder}/log`);
      await Deno.symlink(postern, `${folder}/splogger`);
      const priorityOf = async (
        program: string,
        args: string[],
        text: string,
      ) => {
        const { code } = await output(program, [
          ...[...args, "--socket", `${folder}/log`, "t", text],
        ], { stdin: "x\n" });
        const line = code === 0 ? syslog.lines.pop() : undefined;
        return line === undefined ? code : parseInt(line.slice(1));
      };
      const found: Record<string, (number | undefined)[]> = {};
      const facilities = [
        ...["mail", "LOCAL7", "authpriv", "0", "23", "24", "127", "128", "3x"],
        ...["4294967299", "99999999999999999999", "mial", ""],
      ];
      for (const text of facilities) {
        found[text] = [
          await priorityOf(postern, ["splogger"], text),
          await priorityOf(`${folder}/splogger`, [], text),
        ];
      }
      await syslog.close();
      // The second ones were seen with notqmail's on glibc 2.36.
      assertEquals(found, {
        mail: [22, 6],
        LOCAL7: [190, 6],
        authpriv: [86, 6],
        "0": [6, 6],
        "23": [190, 190],
        "24": [100, 198],
        "127": [100, 1022],
        "128": [100, 14],
        "3x": [100, 30],
        "4294967299": [100, 30],
        "99999999999999999999": [100, 14],
        mial: [100, 6],
        "": [100, 6],
      });
    }),
);

Deno.test(
  needing({ peers: ["rsyslogd"] }, "a real syslogd understands both formats"),
  () =>
    inFolder(async (folder) => {
      const inputs = {
        rfc3164: 'UseSysTimeStamp="off"',
        rfc5424: 'UseSysTimeStamp="off" UseSpecialParser="off"',
      };
      const action = `template(name="all" type="string" string=
        "%programname%|%syslogfacility-text%.%syslogseverity-text%|%timereported:::date-rfc3339%|%msg%\\n")
        action(type="omfile" File="${folder}/out" Template="all")`;
      await withRsyslog(folder, inputs, action, async () => {
        const now = new Date().toISOString().slice(0, 15);
        for (const format of Object.keys(inputs)) {
          const { code, stderr } = await output(postern, [
            ...["splogger", "--format", format],
            ...["--socket", `${folder}/${format}`, "smtpd", "local3"],
          ], {
            stdin: "gr\u00fc\u00dfe\nwarning: b\x1b[2J\n",
            env: { TZ: "UTC0" },
          });
          assertEquals([code, stderr], [0, ""]);
        }
        const lines = await linesOf(`${folder}/out`, 4);
        assert(lines.every((line) => line.includes(`|${now}`)), `${lines}`);
        assertEquals(
          lines.map((line) => line.replace(/\|[^|]*\| ?[\d.]+ /, "|")),
          [
            "smtpd|local3.info|gr????e",
            "smtpd|local3.warning|warning: b?[2J",
            "smtpd|local3.info|gr\u00fc\u00dfe",
            "smtpd|local3.warning|warning: b?[2J",
          ],
        );
      });
    }),
);
