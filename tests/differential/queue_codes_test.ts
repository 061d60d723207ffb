/**
 * What a queue program's end is answered with: qmail-smtpd's own replies, as
 * recorded in tests/deliver/data. QMAIL_SMTPD names a notqmail qmail-smtpd to
 * record them anew from: the test then compares with both.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const recording = new URL(
  "../deliver/data/qmail-smtpd-queue-codes.json",
  import.meta.url,
);

/** By recipient: `exit-N`, `signal-N` and `reason-NAME` at any domain. */
const reasons: Record<string, string> = {
  permanent: "printf 'Dspam is not wanted (#5.7.1)' >&6; exit 82",
  temporary: "printf 'Zgreylisted (#4.7.1)' >&6; exit 82",
  "other-letter": "printf 'Xgreylisted (#4.7.1)' >&6; exit 82",
  "without-status": "printf 'Dspam is not wanted' >&6; exit 82",
  "two-bytes": "printf 'Dx' >&6; exit 82",
  "three-bytes": "printf 'Dxy' >&6; exit 82",
  "nul-inside": "printf 'Dspam\\000 is (#5.7.1)' >&6; exit 82",
  long: "head -c 300 /dev/zero | tr '\\000' D >&6; exit 82",
  "without-82": "printf 'Dspam (#5.7.1)' >&6; exit 31",
  "and-success": "printf 'Dspam (#5.7.1)' >&6; exit 0",
};

const script = `#!/bin/sh
exec 3<&1
cat > /dev/null
to=$(tr '\\000' '\\n' <&3 | sed -n 's/^T\\(.*\\)@.*/\\1/p')
case $to in
  exit-*) exit "\${to#exit-}" ;;
  signal-*) kill -s "\${to#signal-}" $$; sleep 5 ;;
${
  Object.entries(reasons).map(([name, does]) => `  reason-${name}) ${does} ;;`)
    .join("\n")
}
esac
`;

const recipients = [
  ...Array.from({ length: 256 }, (_, code) => `exit-${code}`),
  ...["HUP", "KILL", "TERM", "SEGV", "ALRM"].map((name) => `signal-${name}`),
  ...Object.keys(reasons).map((name) => `reason-${name}`),
];

/** A program that is not asked for its end: it cannot even be started. */
const noPrograms = ["/no/such/queue", "/dev/null", "/etc", "/dev/null/x"];

/** Programs that do not read what they are given. */
const notReading = {
  "exit-0": "exit 0",
  "exit-53": "exit 53",
  "closes-0": "exec <&-; cat <&1 > /dev/null; exit 0",
};

const message = (to: string, text: string) =>
  `MAIL FROM:<s@x.example>\r\nRCPT TO:<${to}@x.example>\r\nDATA\r\n` +
  `Subject: x\r\n\r\n${text}\r\n.\r\n`;

/** The replies to the end of each message. */
async function ask(
  smtpd: string,
  queue: string,
  messages: string[],
): Promise<string[]> {
  const { stdout } = await output(smtpd, [], {
    clearEnv: true,
    env: { PATH: "/bin:/usr/bin", RELAYCLIENT: "", QMAILQUEUE: queue },
    stdin: messages.join("") + "QUIT\r\n",
  });
  return [...stdout.matchAll(/^354 .*\r\n(.*)\r\n/gm)].map(([, reply]) =>
    reply.replace(/^250 ok \d+ qp \d+$/, "250 ok TIME qp PID")
  );
}

async function allReplies(
  smtpd: string,
  folder: string,
): Promise<Record<string, string>> {
  const queue = `${folder}/queue`;
  const install = async (text: string) => {
    await Deno.writeTextFile(queue, text);
    await Deno.chmod(queue, 0o755);
  };
  await install(script);
  const replies = await ask(
    smtpd,
    queue,
    recipients.map((to) => message(to, "text")),
  );
  assertEquals(replies.length, recipients.length);
  const all = Object.fromEntries(recipients.map((to, i) => [to, replies[i]]));
  for (const program of noPrograms) {
    [all[program]] = await ask(smtpd, program, [message("x", "text")]);
  }
  const long = "a line of text\r\n".repeat(100_000);
  for (const [name, does] of Object.entries(notReading)) {
    await install(`#!/bin/sh\n${does}\n`);
    [all[`not-reading-${name}`]] = await ask(smtpd, queue, [
      message("x", long),
    ]);
  }
  return all;
}

Deno.test(
  needing({}, "qmail-smtpd's replies to each end of a queue program"),
  () =>
    inFolder(async (folder) => {
      const qmail = Deno.env.get("QMAIL_SMTPD");
      if (qmail) {
        const said = await allReplies(qmail, folder);
        await Deno.writeTextFile(
          recording,
          JSON.stringify(said, null, 2) + "\n",
        );
      }
      const recorded = JSON.parse(await Deno.readTextFile(recording));
      assert(new Set(Object.values(recorded)).size > 20);
      const own = `${folder}/qmail-smtpd`;
      await Deno.symlink(postern, own);
      await Deno.mkdir(`${folder}/control`);
      await Deno.writeTextFile(`${folder}/control/me`, "me.example\n");
      assertEquals(await allReplies(own, folder), recorded);
    }),
);
