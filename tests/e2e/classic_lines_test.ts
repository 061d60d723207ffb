/**
 * The two command lines that administrators have, unedited, with postern
 * behind the classic names.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const nobody = 65534;

/** Stands in for syslogd: /dev/log, or another path if one is running. */
function syslogSocket(folder: string) {
  let path = "/dev/log";
  try {
    Deno.lstatSync(path);
    path = `${folder}/log`;
  } catch {
    // Nobody has it, so the unedited line can be tried.
  }
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const lines: string[] = [];
  const reading = (async () => {
    for await (const [bytes] of socket) {
      lines.push(new TextDecoder().decode(bytes));
    }
  })().catch(() => {});
  return {
    lines,
    options: path === "/dev/log" ? "" : `--socket ${path} `,
    async close() {
      socket.close();
      await reading;
      Deno.removeSync(path);
    },
  };
}

function freePort(): number {
  const listener = Deno.listen({ port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

const children = (pid: number) =>
  Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();

Deno.test(
  needing(
    { peers: ["swaks"], root: true },
    "the article's lines: rules, gate and log by symlinks to postern",
  ),
  () =>
    inFolder(async (folder) => {
      const bin = `${folder}/bin`;
      assertEquals((await output(postern, ["install-links", bin])).code, 0);
      const sh = (script: string) =>
        output("/bin/sh", ["-c", script], {
          cwd: folder,
          env: { PATH: `${bin}:${Deno.env.get("PATH")}` },
        });
      const compile = async (rules: string) => {
        await Deno.writeTextFile(`${folder}/tcp.smtp`, rules);
        const { code, stderr } = await sh(
          `tcprules ${folder}/tcp.smtp.cdb ${folder}/tcp.smtp.tmp < ${folder}/tcp.smtp`,
        );
        assertEquals([code, stderr], [0, ""]);
      };
      const swaks = async () => {
        const { stdout } = await output("swaks", [
          ...["--server", "127.0.0.1", "--port", `${port}`],
          ...["--from", "a@sender.example", "--to", "b@foreign.example"],
          ...["--helo", "client.example", "--timeout", "20"],
        ]);
        return stdout;
      };
      await Deno.mkdir(`${folder}/Maildir`);
      await Deno.chown(`${folder}/Maildir`, nobody, nobody);
      const delivered = () => {
        try {
          return [...Deno.readDirSync(`${folder}/Maildir/new`)].length;
        } catch {
          return 0;
        }
      };

      await compile(
        '192.168.0.:allow,RELAYCLIENT=""\n127.:allow,RELAYCLIENT=""\n',
      );
      const port = freePort();
      const syslog = syslogSocket(folder);
      // The shell leaves at once, as an rc script does; set -m makes the
      // pipeline's leader, tcpserver, tell its pid.
      const started = await sh(
        `set -m; tcpserver -v -u ${nobody} -g ${nobody} -x ${folder}/tcp.smtp.cdb 0 ${port} ` +
          `${bin}/qmail-smtpd 2>&1 </dev/null | splogger ${syslog.options}smtpd 3 >/dev/null 2>&1 & jobs -p`,
      );
      const pid = Number(started.stdout);
      try {
        await until(
          "the gate says that it is there",
          () => syslog.lines.some((line) => line.includes("status: 0/40")),
        );

        const client = await SmtpClient.connect(port);
        assertMatch(await client.reply(), /^220 .* ESMTP\r\n$/);
        assertEquals(
          await client.ask("HELP").then((r) => r.slice(0, 3)),
          "214",
        );
        assertEquals(children(pid), "", "a session must not cost a process");
        assertMatch(
          Deno.readTextFileSync(`/proc/${pid}/status`),
          /^Uid:\t65534\t65534\t65534\t65534$/m,
        );
        client.close();

        const accepted = await swaks();
        assertMatch(accepted, /<- {2}250 ok \d+ qp /, accepted);
        assertEquals(delivered(), 1);

        await compile("127.:allow\n");
        assertMatch(
          await swaks(),
          /553 sorry, that domain isn't in my list of allowed rcpthosts \(#5\.7\.1\)/,
        );

        await compile("127.:deny\n");
        const refused = await swaks();
        assert(!/<- {2}220/.test(refused), refused);
        assertEquals(delivered(), 1);

        await until(
          "the end of the denied connection is logged",
          () => syslog.lines.some((line) => line.includes("status 25600")),
        );
        for (const word of ["pid 1 from 127.0.0.1", "ok 2 ", "deny 4 "]) {
          assert(
            syslog.lines.some((line) => line.includes(`tcpserver: ${word}`)),
            `${word} in ${syslog.lines.join("\n")}`,
          );
        }
        // <daemon.info>, the tag, then djb's time stamp.
        const daemonInfo = 3 * 8 + 6;
        // The machine's syslog is that of other tests, too.
        const ours = syslog.lines.filter((line) => !/ postern\[/.test(line));
        for (const line of ours) {
          assertMatch(line, new RegExp(`^<${daemonInfo}>.*smtpd: `));
        }
      } finally {
        Deno.kill(pid, "SIGTERM");
        await until("the gate is gone", () => {
          try {
            Deno.kill(pid, 0 as unknown as Deno.Signal);
            return false;
          } catch {
            return true;
          }
        }).catch(() => Deno.kill(pid, "SIGKILL"));
        await syslog.close();
      }
    }),
);
