import { assertEquals, assertThrows } from "@std/assert";
import {
  readTarget,
  targetRows,
  targetUsage,
} from "../../lib/deliver/targets.ts";

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
