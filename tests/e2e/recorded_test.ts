/**
 * Replays what qmail-smtpd was recorded to do against the executable, called
 * by that name: replies, exit code, and every byte that the queue program
 * gets.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { inFolder, needing, postern } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import {
  converse,
  inParallel,
  writeControl,
  writeQueueProgram,
} from "../smtp/recorded/live.ts";
import { expected, recordings } from "../smtp/recorded/recordings.ts";

/** Of so many, one is tried. */
const oneOf = runs(1, 3);

const groups = Map.groupBy(
  recordings.filter((_, i) => i % oneOf === 0),
  ({ name }) => name.split(":")[0],
);

for (const [group, members] of groups) {
  Deno.test(
    needing({}, `as qmail-smtpd was recorded: ${group}`),
    () =>
      inFolder(async (folder) => {
        const queue = `${folder}/queue`;
        await writeQueueProgram(queue);
        const failed: string[] = [];
        await inParallel(members, async (recording, i) => {
          const home = `${folder}/${i}`;
          writeControl(`${home}/control`, recording);
          await Deno.symlink(postern, `${home}/qmail-smtpd`);
          const seen = await converse(
            [`${home}/qmail-smtpd`],
            recording,
            home,
            queue,
            { QMAILHOME: home },
          );
          try {
            assertEquals(seen, expected(recording));
          } catch (error) {
            failed.push(`${recording.name}: ${(error as Error).message}`);
          }
        });
        if (failed.length > 0) throw new Error(failed.join("\n\n"));
      }),
  );
}

Deno.test(
  needing({}, "without QMAILQUEUE, mail goes to bin/qmail-queue of QMAILHOME"),
  () =>
    inFolder(async (home) => {
      const [plain] = recordings;
      writeControl(`${home}/control`, plain);
      await Deno.mkdir(`${home}/bin`);
      await writeQueueProgram(`${home}/bin/qmail-queue`);
      await Deno.symlink(postern, `${home}/bin/qmail-smtpd`);
      const command = [`${home}/bin/qmail-smtpd`];
      const seen = await converse(command, plain, home, null, {
        QMAILHOME: home,
      });
      assertEquals(seen, expected(plain));
    }),
);
