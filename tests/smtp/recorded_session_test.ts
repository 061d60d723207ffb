/**
 * Replays what qmail-smtpd was recorded to do (scripts/record.ts) against the
 * settings and the session, however the input is cut.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { unreadableControls } from "../../lib/smtpd/settings.ts";
import { inFolder } from "../support/peers.ts";
import type { Recording } from "./recorded/case.ts";
import { cases } from "./recorded/cases.ts";
import { differences } from "./recorded/differences.ts";
import { expected, recordings } from "./recorded/recordings.ts";
import { configOf, replay } from "./recorded/replay.ts";

Deno.test("every case was recorded, and is as it was then", () => {
  assertEquals(
    recordings.map(({ replies: _, exit: _1, queued: _2, ...rest }) => rest),
    JSON.parse(JSON.stringify(cases)),
  );
});

Deno.test("every deliberate difference is one, of a case that there is", () => {
  for (const [name, { instead }] of Object.entries(differences)) {
    const recording = recordings.find((each) => each.name === name);
    if (!recording) throw new Error(`no case ${name}`);
    for (const [what, value] of Object.entries(instead)) {
      const seen = recording[what as keyof Recording];
      if (JSON.stringify(seen) === JSON.stringify(value)) {
        throw new Error(`${name}: no difference in ${what}`);
      }
    }
  }
});

for (const recording of recordings) {
  // The queue program's own failures are not the session's.
  if (recording.env.QMAILQUEUE !== undefined) continue;
  Deno.test(`recorded, ${recording.name}`, () =>
    inFolder(async (folder) => {
      const config = await configOf(recording, folder);
      if (config === null) {
        const { replies, exit, queued } = expected(recording);
        assertEquals([unreadableControls, 1, []], [replies, exit, queued]);
        return;
      }
      const long = recording.input.length > 5000;
      for (
        const size of long ? [61, 1024, Infinity] : [1, 2, 3, 7, 64, Infinity]
      ) {
        replay(recording, expected(recording), config, size);
      }
    }));
}
