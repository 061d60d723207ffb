/**
 * splogger against a socket that stands in for syslogd.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";

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
