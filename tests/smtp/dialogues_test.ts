/**
 * The transcripts in dialogues/: in step, as a client that waits for each
 * reply, and cut at sizes that know nothing of lines.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Dialogue, parseDialogue, queuedLines } from "./dialogue.ts";
import { newRun, pieces, type Run, run } from "./run.ts";

const folder = new URL("dialogues/", import.meta.url);

function check(dialogue: Dialogue, result: Run): void {
  assertEquals({
    replies: result.replies,
    queued: queuedLines(result),
    exitCode: result.exitCode,
  }, {
    replies: dialogue.turns.map((turn) => turn.replies).join(""),
    queued: dialogue.queued,
    exitCode: dialogue.exitCode,
  });
}

/** Says each line only when the one before has been answered as it should. */
function* inStep(dialogue: Dialogue, result: Run): Generator<string> {
  let replies = "";
  for (const turn of dialogue.turns) {
    if (turn.says !== "") yield turn.says;
    replies += turn.replies;
    const last = turn === dialogue.turns.at(-1); // what a time-out says is later
    if (!last) assertEquals(result.replies, replies, `after ${turn.says}`);
  }
}

for (const { name } of Deno.readDirSync(folder)) {
  const dialogue = parseDialogue(Deno.readTextFileSync(new URL(name, folder)));
  Deno.test(`dialogue ${name.replace(/\.txt$/, "")}`, () => {
    const { config, answers } = dialogue;
    const result = newRun();
    run(config, inStep(dialogue, result), answers, result);
    check(dialogue, result);
    if (dialogue.stepOnly) return;
    const input = dialogue.turns.map((turn) => turn.says).join("");
    for (const size of [1, 2, 3, 4, 5, 6, 7, 11, 64, 2048, Infinity]) {
      check(dialogue, run(config, pieces(input, [size]), answers));
    }
  });
}
