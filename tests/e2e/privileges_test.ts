/**
 * What is left of root after -u and -g, in every thread.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { childrenOf } from "../support/processes.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const needs = { root: true };
const local = ["-v", "-R", "-H", "-l", "here"];
const uid = 65534, gid = 65533;
const ids = ["-u", `${uid}`, "-g", `${gid}`];

/** Fails unless each thread has these ids alone, no groups, no capability. */
function assertDropped(pid: number): void {
  const four = (id: number) => `${id}\t${id}\t${id}\t${id}`;
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
  assert(threads.length > 1, "no helper thread was there");
  for (const { name } of threads) {
    const status = Deno.readTextFileSync(`/proc/${pid}/task/${name}/status`);
    const field = (key: string) =>
      status.match(RegExp(`^${key}:[\\t ]*(.*?)[\\t ]*$`, "m"))![1];
    assertEquals(
      [field("Uid"), field("Gid"), field("Groups")],
      [four(uid), four(gid), ""],
    );
    for (const key of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) {
      assertMatch(field(key), /^0+$/, key);
    }
  }
}

/** A program's view: its ids, and whether root or root's file can be had. */
const tries = "id -u; id -g; id -G; cat SECRET; " +
  "python3 -c 'import os; os.setuid(0)' && echo root";

async function answer(gate: TestGate): Promise<string> {
  const conn = await Deno.connect({ port: gate.port });
  return await new Response(conn.readable).text();
}

for (const workers of [1, 2]) {
  const serve = [...local, "--workers", `${workers}`];
  /** The processes that accept. */
  const accepting = (gate: TestGate) =>
    workers === 1 ? [gate.child.pid] : childrenOf(gate.child.pid);

  Deno.test(
    needing(
      { ...needs, peers: ["python3"] },
      `a program cannot be root again: ${workers} workers`,
    ),
    () =>
      inFolder(async (folder) => {
        const secret = `${folder}/secret`;
        await Deno.writeTextFile(secret, "secret\n", { mode: 0o600 });
        const script = `exec 2>&1; ${tries.replace("SECRET", secret)}`;
        const program = ["sh", "-c", script];
        const args = [...serve, ...ids, "127.0.0.1", "0", ...program];
        await withGate(args, {}, async (gate) => {
          const text = await answer(gate);
          assertEquals(text.split("\n").slice(0, 3), [
            ...[`${uid}`, `${gid}`, `${gid}`],
          ]);
          assertMatch(text, /ermission denied/);
          assertMatch(text, /PermissionError/);
          assert(!/^(secret|root)$/m.test(text), text);
          assertEquals(accepting(gate).length, workers);
          accepting(gate).forEach(assertDropped);
        });
        const fromEnv = [...serve, "-U", "127.0.0.1", "0", ...program];
        const env = { UID: `${uid}`, GID: `${gid}` };
        await withGate(fromEnv, { env }, async (gate) => {
          assertMatch(await answer(gate), RegExp(`^${uid}\n${gid}\n${gid}\n`));
          accepting(gate).forEach(assertDropped);
        });
        // As in tcpserver, the group stays if only the user is given.
        const userOnly = ["-u", "nobody", "127.0.0.1", "0", ...program];
        await withGate([...serve, ...userOnly], {}, async (gate) => {
          assertMatch(await answer(gate), RegExp(`^${uid}\n0\n0\n`));
        });
      }),
  );

  Deno.test(
    needing(
      needs,
      `the smtpd that delivers has no root left: ${workers} workers`,
    ),
    () =>
      inFolder(async (folder) => {
        await Deno.chown(folder, uid, gid);
        const secret = `${folder}/secret`;
        await Deno.writeTextFile(secret, "secret\n", { mode: 0o600 });
        await Deno.mkdir(`${folder}/locked`, { mode: 0o700 }); // root's
        const smtpd = (maildir: string) => [
          ...["smtpd", "--me", "here", "--rcpthosts", "here"],
          ...["--deliver", `maildir:${folder}/${maildir}`],
        ];
        const deliver = async (gate: TestGate) => {
          const client = await SmtpClient.connect(gate.port);
          await client.reply();
          await client.ask("MAIL FROM:<>");
          await client.ask("RCPT TO:<a@here>");
          const reply = await client.ask("DATA");
          const end = reply.startsWith("354")
            ? await client.ask("Subject: x\r\n\r\n.")
            : reply;
          client.close();
          return end;
        };
        const args = (maildir: string) => [
          ...[...serve, ...ids, "127.0.0.1", "0", ...smtpd(maildir)],
        ];
        await withGate(args("Maildir"), {}, async (gate) => {
          for (let i = 0; i < 4; i++) {
            assertMatch(await deliver(gate), /^250/);
          }
          assertEquals(accepting(gate).length, workers);
          accepting(gate).forEach(assertDropped);
          for (const { name } of Deno.readDirSync(`${folder}/Maildir/new`)) {
            const stat = Deno.statSync(`${folder}/Maildir/new/${name}`);
            assertEquals([stat.uid, stat.gid], [uid, gid]);
          }
        });
        await withGate(args("locked/Maildir"), {}, async (gate) => {
          assertMatch(await deliver(gate), /^4/);
          await until("a log line", () => /access denied/.test(gate.log));
        });
      }),
  );
}
