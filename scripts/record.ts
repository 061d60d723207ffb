/**
 * Records what a real qmail-smtpd answers to tests/smtp/recorded/cases.ts:
 *
 *     QMAIL_SMTPD=/path/of/qmail-smtpd QMAILHOME=/var/qmail \
 *       scripts/deno run -A scripts/record.ts
 *
 * QMAILHOME is the home that was compiled into it. Each session gets control
 * files of its own by a mount in a namespace of its own, so this wants root,
 * and changes nothing there.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Recording } from "../tests/smtp/recorded/case.ts";
import { cases } from "../tests/smtp/recorded/cases.ts";
import {
  converse,
  inParallel,
  isolated,
  writeControl,
  writeQueueProgram,
} from "../tests/smtp/recorded/live.ts";

const target = new URL(
  "../tests/smtp/data/recordings.jsonl",
  import.meta.url,
);

const smtpd = Deno.env.get("QMAIL_SMTPD");
const home = Deno.env.get("QMAILHOME") ?? "/var/qmail";
if (!smtpd) {
  console.error("record: QMAIL_SMTPD names no qmail-smtpd");
  Deno.exit(100);
}

const folder = await Deno.makeTempDir({ prefix: "postern-record-" });
await Deno.chmod(folder, 0o755);
try {
  const queue = `${folder}/queue`;
  await writeQueueProgram(queue);
  const recordings: Recording[] = [];
  await inParallel(cases, async (each, i) => {
    const control = `${folder}/${i}/control`;
    writeControl(control, each);
    const command = isolated(control, home, smtpd);
    const seen = await converse(command, each, `${folder}/${i}`, queue);
    recordings[i] = { ...each, ...seen };
  });
  await Deno.writeTextFile(
    target,
    recordings.map((each) => JSON.stringify(each) + "\n").join(""),
  );
  console.log(`${recordings.length} recordings in ${fileURLToPath(target)}`);
} finally {
  await Deno.remove(folder, { recursive: true });
}
