/**
 * Random sessions with a real qmail-smtpd and with ours in classic mode, until
 * they differ:
 *
 *     QMAIL_SMTPD=/path/of/qmail-smtpd QMAILHOME=/var/qmail \
 *       scripts/deno run -A scripts/fuzz/classic.ts [SESSIONS [SEED]]
 *
 * QMAILHOME is the home that was compiled into it; see scripts/record.ts.
 *
 * @module
 */
import fc from "fast-check";
import { dialogue, noise } from "../../tests/smtp/fuzz_inputs.ts";
import { type Case, usualControl } from "../../tests/smtp/recorded/case.ts";
import {
  converse,
  inParallel,
  isolated,
  writeControl,
  writeQueueProgram,
} from "../../tests/smtp/recorded/live.ts";
import { configOf, replay } from "../../tests/smtp/recorded/replay.ts";

const smtpd = Deno.env.get("QMAIL_SMTPD");
const home = Deno.env.get("QMAILHOME") ?? "/var/qmail";
if (!smtpd) {
  console.error("fuzz: QMAIL_SMTPD names no qmail-smtpd");
  Deno.exit(100);
}
const [sessions = 2000, seed = Date.now()] = Deno.args.map(Number);

const anyCase: fc.Arbitrary<Case> = fc.record({
  name: fc.constant("random"),
  control: fc.constantFrom(
    usualControl,
    { ...usualControl, databytes: "30\n", badmailfrom: "bad@b.c\n" },
    { ...usualControl, localiphost: "example.com\n" },
  ),
  env: fc.constantFrom<Case["env"]>(
    {},
    { RELAYCLIENT: "" },
    { RELAYCLIENT: "@relay" },
    { TCPREMOTEINFO: "joe" },
    { QEXIT: "53" },
  ),
  input: fc.oneof(
    { weight: 9, arbitrary: dialogue },
    { weight: 1, arbitrary: noise },
  ),
});

const folder = await Deno.makeTempDir({ prefix: "postern-fuzz-" });
await Deno.chmod(folder, 0o755);
let differing = 0;
try {
  const queue = `${folder}/queue`;
  await writeQueueProgram(queue);
  const all = fc.sample(anyCase, { numRuns: sessions, seed });
  await inParallel(all, async (each, i) => {
    const own = `${folder}/${i}`;
    writeControl(`${own}/theirs`, each);
    const command = isolated(`${own}/theirs`, home, smtpd);
    const seen = await converse(command, each, own, queue);
    const config = await configOf(each, own);
    try {
      for (const size of [1, 5, Infinity]) replay(each, seen, config!, size);
    } catch (error) {
      differing++;
      console.error(JSON.stringify(each), (error as Error).message);
    }
    await Deno.remove(own, { recursive: true });
  });
} finally {
  await Deno.remove(folder, { recursive: true });
}
console.log(`${sessions} sessions from seed ${seed}, ${differing} differ`);
if (differing > 0) Deno.exit(1);
