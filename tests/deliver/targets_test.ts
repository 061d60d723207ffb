import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  readTarget,
  targetRows,
  targetUsage,
} from "../../lib/deliver/targets.ts";
import { stranger } from "./submitter.ts";

const context = {
  host: "h.example",
  queueProgram: "/no/such",
  createMailboxes: false,
  minFreePercent: 0,
  emit: () => {},
};

Deno.test("each kind of target is read by its name", () => {
  for (
    const text of [
      "discard",
      "maildir:./Maildir",
      "maildir:/home/{user}/Maildir",
      "qmail-queue",
      "qmail-queue:/a:b",
    ]
  ) {
    assertEquals(typeof readTarget(text)(context).open, "function", text);
  }
  const names = targetRows.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("what a target takes, and what it costs in descriptors", () => {
  const facts = (text: string) => {
    const { takesBinary, takesUtf8, descriptors } = readTarget(text)(context);
    return [takesBinary, takesUtf8, descriptors];
  };
  assertEquals(facts("discard"), [true, true, 0]);
  assertEquals(facts("maildir:/m"), [true, true, 2]);
  assertEquals(facts("qmail-queue:/q"), [false, false, 4]);
});

Deno.test("a queue program that cannot be run is told beforehand", async () => {
  const problems = (text: string) =>
    readTarget(text)(context).problems!(stranger.env);
  assertEquals(await problems("qmail-queue:/bin/sh"), []);
  for (const text of ["qmail-queue:/no/such", "qmail-queue"]) {
    const [problem, ...more] = await problems(text);
    assert(problem.startsWith("unable to run /no/such: "), problem);
    assertEquals(more, []);
  }
});

Deno.test("discard has an id for each message", () => {
  const target = readTarget("discard")(context);
  const ids = [1, 2].map(() => {
    const message = target.open({ sender: "", recipients: [] }, stranger);
    assert(!(message instanceof Promise) && "commit" in message);
    return message.commit();
  });
  assertEquals(ids, [
    { type: "stored", id: "1" },
    { type: "stored", id: "2" },
  ]);
});

Deno.test("what is no target says what one is", () => {
  for (const text of ["", "no", "Maildir", ":x", "maildirs:x"]) {
    assertThrows(() => readTarget(text), Error, targetUsage);
  }
  for (
    const [text, why] of [
      ["maildir", "path of a Maildir"],
      ["maildir:", "path of a Maildir"],
      ["maildir:/{nobody}", "placeholder"],
      ["qmail-queue:", "path is wanted"],
      ["discard:x", "nothing comes after"],
    ]
  ) {
    assertThrows(() => readTarget(text), Error, why);
  }
});
