/**
 * The transcripts in dialogues/: in step, as a client that waits for each
 * reply, and cut at sizes that know nothing of lines, some of them at random
 * (from a fixed seed, so that a failure comes back).
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { classicReplies, defaultReplies } from "../../lib/smtp/replies.ts";
import fc from "fast-check";
import { type Dialogue, parseDialogue, queuedLines } from "./dialogue.ts";
import { newRun, pieces, type Run, run, testConfig } from "./run.ts";

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

const files = [...Deno.readDirSync(folder)]
  .map(({ name }) => ({
    name,
    text: Deno.readTextFileSync(new URL(name, folder)),
  }))
  .map((file) => ({ ...file, dialogue: parseDialogue(file.text) }))
  .sort((a, b) => a.name < b.name ? -1 : 1);

const anySizes = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1 });

for (const { name, dialogue } of files) {
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
    for (const sizes of fc.sample(anySizes, { numRuns: 5, seed: 5321 })) {
      check(dialogue, run(config, pieces(input, sizes), answers));
    }
  });
}

Deno.test("there are 200 dialogues or more, and each says why it is there", () => {
  assert(files.length >= 200, `${files.length}`);
  for (const { name, text } of files) assert(/^# \S/.test(text), name);
});

Deno.test("no two dialogues are the same", () => {
  const seen = new Map<string, string>();
  for (const { name, text } of files) {
    const body = text.replace(/^#.*\n/gm, "");
    assertEquals(seen.get(body), undefined, name);
    seen.set(body, name);
  }
});

/** Those of the other dialect, that classic shares the names of. */
const onlyDefault = new Set([
  ...["nestedMail", "unrecognized", "badArgument", "badSender"],
  ...["badRecipient", "unknownParameter", "tooManyRecipients", "noDomain"],
  ...["tooManyErrors", "tooManyHarmless", "textLineTooLong", "utf8Needed"],
  ...[
    "notUtf8",
    "binaryNeedsBdat",
    "chunksBegun",
    "startTls",
    "encryptedAlready",
  ],
  ...["transactionOpen", "loggedIn", "loggedInAlready", "badCredentials"],
  ...["tooManyLogins", "loginLater", "loginNeedsTls", "loginCancelled"],
  "loginLineTooLong",
  ...["unknownMechanism", "badResponse", "controlByte", "bareLfCommand"],
  ...["lineTooLong", "notHttp", "bareCr", "nul", "chunkTaken", "challenge"],
]);
const onlyClassic = new Set(["syntax", "outOfMemory"]);

for (
  const [dialect, replies, elsewhere] of [
    ["default", defaultReplies, onlyClassic],
    ["classic", classicReplies, onlyDefault],
  ] as const
) {
  Deno.test(`every reply of the ${dialect} dialect is in a dialogue`, () => {
    const seen = files
      .filter(({ dialogue }) => {
        return dialogue.config.classic === (dialect === "classic");
      })
      .flatMap(({ dialogue }) => dialogue.turns.map((turn) => turn.replies))
      .join("");
    const { greeting, helo, ehlo, quit, challenge, chunkTaken, ...rest } =
      replies;
    const { stored, refusal, ...fixed } = rest;
    const name = "mx.example.org";
    const now = testConfig.now();
    const texts: Record<string, string> = {
      ...fixed,
      greeting: greeting(name),
      helo: helo(name),
      ehlo: ehlo(name, ["SIZE", "CHUNKING", "LIMITS RCPTMAX=1000"]),
      quit: quit(name),
      challenge: challenge("Username:"),
      chunkTaken: chunkTaken(6),
      stored: stored("77", now),
      refusal: refusal({
        type: "never",
        code: 550,
        enhanced: "5.7.1",
        text: "no, thanks",
      }),
    };
    for (const [what, text] of Object.entries(texts)) {
      assertEquals(seen.includes(text), !elsewhere.has(what), what);
    }
  });
}
